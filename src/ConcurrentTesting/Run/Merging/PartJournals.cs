using System.Collections.Concurrent;

namespace ConcurrentTesting.Run.Merging;

/// <summary>Reads the parts' journals: of a part's tries that of whichever comes first, as soon as its folder proves to be as the part left
/// it, beside the plan that it is held against, and those of the others once they are chosen. Thread-safe.</summary>
internal sealed class PartJournals
{
    private readonly ConcurrentBag<JournalFormat> _formats = [];
    private readonly ConcurrentDictionary<int, string> _first = [];
    private readonly ConcurrentDictionary<string, PartJournal> _read = new(StringComparer.Ordinal);

    /// <param name="folder">Absolute.</param>
    /// <param name="part">That it has the results of.</param>
    public void ReadAhead(string folder, int part)
    {
        if (!_first.TryAdd(part, folder))
            return;
        try
        {
            _read[folder] = Read(folder);
        }
        catch (Exception)
        {
            // It may never be chosen. Whoever chooses it reads it again, and says what is wrong with it.
        }
    }

    /// <summary>Forgets all others.</summary>
    public void Keep(IEnumerable<string> folders)
    {
        foreach (var other in _read.Keys.Except(folders, StringComparer.Ordinal))
            _read.TryRemove(other, out _);
    }

    /// <summary>Gives each journal once, because all of them together take much memory.</summary>
    /// <inheritdoc cref="PartJournal.Read"/>
    public PartJournal Take(string folder) => _read.TryRemove(folder, out var journal) ? journal : Read(folder);

    private PartJournal Read(string folder)
    {
        var format = _formats.TryTake(out var free) ? free : new JournalFormat();
        try
        {
            return PartJournal.Read(folder, format);
        }
        finally
        {
            _formats.Add(format);
        }
    }
}
