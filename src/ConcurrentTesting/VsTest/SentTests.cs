using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace ConcurrentTesting.VsTest;

/// <summary>Test cases on their way to a console, with everything that belongs to them. The translation layer holds them until the run
/// ends; the first that it hears is proof that they have been sent, and from then on they need not be whole.</summary>
internal sealed class SentTests(IEnumerable<TestCase> tests, ITestRunEventsHandler handler) : ITestRunEventsHandler
{
    private bool _isSent;

    public IReadOnlyList<TestCase> Tests { get; } = [.. tests];

    public void HandleTestRunStatsChange(TestRunChangedEventArgs? testRunChangedArgs)
    {
        Strip();
        handler.HandleTestRunStatsChange(testRunChangedArgs);
    }

    public void HandleTestRunComplete(
        TestRunCompleteEventArgs testRunCompleteArgs,
        TestRunChangedEventArgs? lastChunkArgs,
        ICollection<AttachmentSet>? runContextAttachments,
        ICollection<string>? executorUris) =>
        handler.HandleTestRunComplete(testRunCompleteArgs, lastChunkArgs, runContextAttachments, executorUris);

    public void HandleLogMessage(TestMessageLevel level, string? message)
    {
        Strip();
        handler.HandleLogMessage(level, message);
    }

    public void HandleRawMessage(string rawMessage) => handler.HandleRawMessage(rawMessage);

    public int LaunchProcessWithDebuggerAttached(TestProcessStartInfo testProcessStartInfo) =>
        handler.LaunchProcessWithDebuggerAttached(testProcessStartInfo);

    private void Strip()
    {
        if (_isSent)
            return;
        _isSent = true;
        PackedValues.Strip(Tests);
    }
}
