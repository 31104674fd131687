namespace ConcurrentTesting.Record;

/// <summary>A journal as a run left it.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="IsTorn">Its last line was cut off: the run was ended while it was written. What the line told is lost.</param>
internal sealed record SavedJournal(string Path, ImmutableArray<RunEvent> Events, bool IsTorn)
{
    /// <summary>The record of the run, as its reports tell it; files of the run are where the journal is now.</summary>
    public RunRecord ToRecord()
    {
        var fold = new FoldedJournal(Path);
        foreach (var happened in Events)
            fold.Add(happened);
        return fold.ToRecord(IsTorn);
    }

    /// <param name="path">A journal, or the results folder that has one.</param>
    /// <exception cref="ConcurrentTestException">There is none, a later version wrote it, or it is damaged.</exception>
    public static SavedJournal Read(string path)
    {
        var events = ImmutableArray.CreateBuilder<RunEvent>();
        var (file, isTorn) = Read(path, events.Add, new JournalFormat());
        return new SavedJournal(file, events.ToImmutable(), isTorn);
    }

    /// <inheritdoc cref="Read(string)"/>
    /// <param name="path"/>
    /// <param name="happened">Is given each event in turn, and keeps what it needs of it.</param>
    /// <returns>The journal, and whether its last line was cut off.</returns>
    public static (string File, bool IsTorn) Read(string path, Action<RunEvent> happened, JournalFormat format)
    {
        var file = System.IO.Path.GetFullPath(Directory.Exists(path) ? System.IO.Path.Combine(path, ArtifactNames.Journal) : path);
        var hasBegun = false;
        try
        {
            using var stream = new FileStream(
                file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var isTorn = new JournalLines(stream, format).Read(one =>
            {
                hasBegun = hasBegun || one is RunStarted ? true : throw NotBegun(file);
                happened(one);
            });
            return hasBegun ? (file, isTorn) : throw NotBegun(file);
        }
        catch (JsonException exception)
        {
            throw Unreadable(file, exception.Message, exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(
                file, $"{exception.Message} Give the results folder of a run, or the {ArtifactNames.Journal} in it", exception);
        }
    }

    private static ConcurrentTestException NotBegun(string file) =>
        Unreadable(file, "it does not begin with the start of a run. Give a file that a run wrote", null);

    private static ConcurrentTestException Unreadable(string path, string why, Exception? exception) =>
        new(ConcurrentTestExitCode.BadSettings, $"{path} cannot be read as a run's journal: {why.TrimEnd('.')}.", exception);
}
