using System.Collections.Immutable;
using System.Text.Json;

namespace ConcurrentTesting.Record;

/// <summary>A journal as a run left it.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="IsTorn">Its last line was cut off: the run was ended while it was written. What the line told is lost.</param>
internal sealed record SavedJournal(string Path, ImmutableArray<RunEvent> Events, bool IsTorn)
{
    /// <summary>The record of the run, as its reports tell it; files of the run are where the journal is now.</summary>
    public RunRecord ToRecord()
    {
        var record = RunFold.RecordOf([.. Events, .. KilledRun.EndingOf(Events)]);
        var moved = RecordPlace.Move(record, System.IO.Path.GetDirectoryName(Path)!);
        return IsTorn ? moved with { Incidents = moved.Incidents.Add(Torn(moved)) } : moved;
    }

    /// <param name="path">A journal, or the results folder that has one.</param>
    /// <exception cref="ConcurrentTestException">There is none, a later version wrote it, or it is damaged.</exception>
    public static SavedJournal Read(string path)
    {
        var file = System.IO.Path.GetFullPath(Directory.Exists(path) ? System.IO.Path.Combine(path, ArtifactNames.Journal) : path);
        try
        {
            using var lines = new StreamReader(
                new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            return Read(file, lines);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(
                file, $"{exception.Message} Give the results folder of a run, or the {ArtifactNames.Journal} in it", exception);
        }
    }

    private static Incident Torn(RunRecord record) => new(
        record.FinishedAt,
        IncidentKinds.JournalTorn,
        $"The last line of {ArtifactNames.Journal} was cut off as the run's process was ended; what it told is lost.");

    private static SavedJournal Read(string file, StreamReader lines)
    {
        var assemblies = new AssemblyKeys();
        var format = RunEventJson.For(assemblies, redactor: null);
        var events = ImmutableArray.CreateBuilder<RunEvent>();
        while (lines.ReadLine() is { } line)
        {
            try
            {
                events.Add(Parse(line, format, assemblies));
            }
            catch (JsonException) when (lines.EndOfStream && !EndsWithLineBreak(lines))
            {
                return Begun(new SavedJournal(file, events.ToImmutable(), IsTorn: true));
            }
            catch (JsonException exception)
            {
                throw Unreadable(file, FormattableString.Invariant($"line {events.Count + 1}: {exception.Message}"), exception);
            }
        }

        return Begun(new SavedJournal(file, events.ToImmutable(), IsTorn: false));
    }

    private static RunEvent Parse(string line, RunEventJson format, AssemblyKeys assemblies)
    {
        RunEvent happened;
        try
        {
            happened = JsonSerializer.Deserialize(line, format.RunEvent) ?? throw new JsonException("it is empty");
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw VersionOf(line) is > RunEvent.CurrentVersion and var later
                ? Later(later)
                : new JsonException(exception.Message, exception);
        }

        if (happened.Version > RunEvent.CurrentVersion)
            throw Later(happened.Version);
        if (happened is AssemblyFound found)
            assemblies.Add(found);
        return happened;
    }

    private static int VersionOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("v", out var version)
                && version.TryGetInt32(out var number) ? number : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }

    private static JsonException Later(int version) =>
        new(FormattableString.Invariant(
            $"it has version {version}, and this ConcurrentTest knows up to {RunEvent.CurrentVersion}; use the one that wrote it"));

    private static bool EndsWithLineBreak(StreamReader lines)
    {
        var file = lines.BaseStream;
        file.Seek(-1, SeekOrigin.End);
        return file.ReadByte() == '\n';
    }

    private static SavedJournal Begun(SavedJournal journal) => journal.Events is [RunStarted, ..]
        ? journal
        : throw Unreadable(journal.Path, "it does not begin with the start of a run. Give a file that a run wrote", null);

    private static ConcurrentTestException Unreadable(string path, string why, Exception? exception) =>
        new(ConcurrentTestExitCode.BadSettings, $"{path} cannot be read as a run's journal: {why.TrimEnd('.')}.", exception);
}
