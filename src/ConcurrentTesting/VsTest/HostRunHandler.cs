using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace ConcurrentTesting.VsTest;

/// <summary>Hears what the platform tells of one run and passes it on. Called on one thread at a time.</summary>
/// <param name="trx">Written from the same events; null where a console writes it.</param>
internal sealed class HostRunHandler(TestFramework framework, IHostEvents events, TrxLog? trx) : ITestRunEventsHandler
{
    private volatile HostRunEnd? _end;
    private volatile string? _lastError;

    /// <summary>Null until the platform said that the run is over.</summary>
    public HostRunEnd? End => _end;

    public void HandleTestRunStatsChange(TestRunChangedEventArgs? testRunChangedArgs)
    {
        if (testRunChangedArgs is null)
            return;
        Add(testRunChangedArgs);
        if (testRunChangedArgs.ActiveTests is { } active)
            events.ActiveTests([.. active.Select(Told)]);
    }

    public void HandleTestRunComplete(
        TestRunCompleteEventArgs testRunCompleteArgs,
        TestRunChangedEventArgs? lastChunkArgs,
        ICollection<AttachmentSet>? runContextAttachments,
        ICollection<string>? executorUris)
    {
        Add(lastChunkArgs);
        var fault = FaultOf(testRunCompleteArgs);
        if (fault is null)
            events.ActiveTests([]);
        trx?.End(WithAll(testRunCompleteArgs, runContextAttachments));
        _end = new HostRunEnd(fault) { Coverage = CoverageIn(testRunCompleteArgs.AttachmentSets.Concat(runContextAttachments ?? [])) };
    }

    public void HandleLogMessage(TestMessageLevel level, string? message)
    {
        if (level == TestMessageLevel.Error)
            _lastError = message;
        trx?.Add(level, message ?? "");
        events.Message(LevelOf(level), message ?? "");
    }

    /// <summary>The test process died or was ended before the run was complete.</summary>
    /// <param name="reason">Why, in the platform's own words, which others read too; null: it was ended.</param>
    public void Abort(string? reason)
    {
        if (reason is not null)
            HandleLogMessage(TestMessageLevel.Error, $"The active test run was aborted. Reason: {reason}");
        var aborted = new TestRunCompleteEventArgs(null, isCanceled: false, isAborted: true, null, null, null, TimeSpan.Zero);
        HandleTestRunComplete(aborted, null, null, null);
    }

    public static HostMessageLevel LevelOf(TestMessageLevel level) => level switch
    {
        TestMessageLevel.Error => HostMessageLevel.Error,
        TestMessageLevel.Warning => HostMessageLevel.Warning,
        _ => HostMessageLevel.Information,
    };

    public void HandleRawMessage(string rawMessage)
    {
    }

    public int LaunchProcessWithDebuggerAttached(TestProcessStartInfo testProcessStartInfo) => -1;

    private void Add(TestRunChangedEventArgs? change)
    {
        foreach (var result in change?.NewTestResults ?? [])
        {
            trx?.Add(result);
            events.ResultArrived(ResultReader.Read(result, framework));
        }
    }

    private ToldTest Told(TestCase test) => ResultReader.Told(test, framework);

    private static TestRunCompleteEventArgs WithAll(TestRunCompleteEventArgs end, ICollection<AttachmentSet>? attachments) =>
        attachments is { Count: > 0 }
        ? new TestRunCompleteEventArgs(
            end.TestRunStatistics, end.IsCanceled, end.IsAborted, end.Error, [.. end.AttachmentSets, .. attachments],
            end.InvokedDataCollectors, end.ElapsedTimeInRunningTests)
        : end;

    private static ImmutableArray<string> CoverageIn(IEnumerable<AttachmentSet> attachments) =>
        [.. attachments.Where(set => CoverageSettings.IsCoverage(set.Uri)).SelectMany(set => set.Attachments)
            .Select(file => file.Uri.LocalPath).Distinct()];

    private string? FaultOf(TestRunCompleteEventArgs end) =>
        end.IsAborted || end.IsCanceled || end.Error is not null ? end.Error?.Message ?? _lastError ?? "the test run was aborted." : null;
}
