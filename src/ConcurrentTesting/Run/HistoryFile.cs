using ConcurrentTesting.Reports.History;

namespace ConcurrentTesting.Run;

/// <summary>The history beside the file of recorded durations. What is wrong with it is told, and is no run's failure.</summary>
/// <param name="report">Takes an incident's kind and message.</param>
internal sealed class HistoryFile(ConcurrentTestSettings settings, Action<string, string> report)
{
    private readonly string _path =
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(settings.TimingsFile))!, RunHistory.FileName);

    public RunHistory Read()
    {
        try
        {
            return RunHistory.Read(_path);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            report(
                IncidentKinds.HistoryDamaged,
                $"The history {_path} cannot be read ({exception.Message.TrimEnd('.')}): this run begins a new one.");
            return RunHistory.Empty;
        }
    }

    /// <summary>Adds a run to what was read; one without results is nothing to remember.</summary>
    public async Task AddAsync(RunHistory history, RunRecord record, Redactor redactor, CancellationToken cancellationToken)
    {
        if (record.Tests.IsEmpty)
            return;
        try
        {
            await history.With(record, redactor).WriteAsync(_path, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            report(IncidentKinds.HistoryNotWritten, $"{_path} could not be written: {exception.Message}");
        }
    }
}
