using System.Diagnostics;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;
using VsOutcome = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestOutcome;

namespace ConcurrentTesting.VsTest;

/// <summary>Tells what the program of an xunit v3 suite says as its adapter tells it to VSTest: a result when the test has finished, a
/// failed clean-up as an error with its details. One thread at a time.</summary>
/// <param name="cases">Those that were asked for, by xunit's own id.</param>
/// <param name="attachments">Where files go that tests attach.</param>
/// <remarks>https://github.com/xunit/visualstudio.xunit/blob/main/src/xunit.runner.visualstudio/Sinks/VsExecutionSink.cs</remarks>
internal sealed class XUnit3Messages(HostRunHandler handler, IReadOnlyDictionary<string, TestCase> cases, XUnit3Attachments attachments)
{
    private const string OfTests = "test-";
    private const string Error = "error";
    private const string Starting = "-starting";
    private const string CleanUpFailed = "-cleanup-failure";
    private const string CaseId = "TestCaseUniqueID";
    private const string TestId = "TestUniqueID";

    // The key is the beginning that the messages of a scope's start and clean-up share.
    private static readonly Dictionary<string, Scope> Scopes = new(StringComparer.Ordinal)
    {
        ["test-assembly"] = new("Assembly ", "AssemblyUniqueID", "AssemblyPath"),
        ["test-collection"] = new("Collection ", "TestCollectionUniqueID", "TestCollectionDisplayName"),
        ["test-class"] = new("Class ", "TestClassUniqueID", "TestClassName"),
        ["test-method"] = new("Method ", "TestMethodUniqueID", "MethodName"),
        ["test-case"] = new("Case ", CaseId, "TestCaseDisplayName"),
        ["test"] = new("", TestId, "TestDisplayName"),
    };

    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly Dictionary<string, DateTimeOffset?> _startedAt = [];
    private readonly Dictionary<string, (string Case, TestResult Result)> _results = [];

    // A test whose clean-up failed gets one more result, which is told when its case has ended.
    private readonly List<(string Case, TestResult Result)> _cleanUps = [];

    // The key is the id that xunit gave to the scope.
    private readonly Dictionary<string, string> _names = [];

    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _failuresTold;

    /// <summary>Completes when the program has told all its tests; what it does then is end.</summary>
    public Task Finished => _finished.Task;

    /// <inheritdoc cref="Finished"/>
    public bool IsFinished => _finished.Task.IsCompleted;

    /// <summary>The last error that it told beside its tests; null where it told none.</summary>
    public string? LastError { get; private set; }

    /// <summary>Anything in it failed, so that its exit code says so.</summary>
    public bool HasFailures { get; private set; }

    /// <summary>It has told of tests.</summary>
    public bool HasBegun { get; private set; }

    public void Take(JsonElement message)
    {
        if (message.Text("$type") is not { } type)
            return;
        HasBegun |= type.StartsWith(OfTests, StringComparison.Ordinal);
        if (type.EndsWith(CleanUpFailed, StringComparison.Ordinal))
            TellCleanUp(type, message);
        else if (type.StartsWith(OfTests, StringComparison.Ordinal))
            TakeTest(type, message);
        else if (type == Error)
            Fail($"Catastrophic failure: {XUnit3Failure.In(message).Message}");
        else if (type == "diagnostic")
            TellDiagnostic(message.Text("Message") ?? "");
    }

    private void TakeTest(string type, JsonElement message)
    {
        if (type.EndsWith(Starting, StringComparison.Ordinal))
            Begin(type, message);
        else if (type.EndsWith("-finished", StringComparison.Ordinal))
            End(type, message);
        else
            TakeResult(type, message);
    }

    private void Begin(string type, JsonElement message)
    {
        if (!Scopes.TryGetValue(type[..^Starting.Length], out var scope))
            return;
        var id = message.Text(scope.Id) ?? "";
        _names[id] = message.Text(scope.Name) ?? "";
        if (scope.Id == TestId)
            _startedAt[id] = message.Time("StartTime");
        else if (scope.Id == CaseId)
            TellActive(message, isRunning: true);
    }

    private void End(string type, JsonElement message)
    {
        switch (type)
        {
            case "test-finished":
                Finish(message);
                break;
            case "test-case-finished":
                TellPending(pending => pending == message.Text(CaseId));
                TellActive(message, isRunning: false);
                break;
            case "test-assembly-finished":
                TellPending(_ => true);
                CountFailures((int)message.Number("TestsFailed"));
                _finished.TrySetResult();
                break;
        }
    }

    private void TakeResult(string type, JsonElement message)
    {
        var outcome = type switch
        {
            "test-passed" => VsOutcome.Passed,
            "test-failed" => VsOutcome.Failed,
            "test-skipped" => VsOutcome.Skipped,
            "test-not-run" => VsOutcome.None,
            _ => (VsOutcome?)null,
        };
        if (outcome is not { } known || message.Text(TestId) is not { } id || CaseOf(message) is not { } test)
            return;
        _startedAt.Remove(id, out var startedAt);
        var result = ResultOf(test, known, _names.GetValueOrDefault(id), startedAt, message);
        if (known == VsOutcome.Failed)
        {
            var failure = XUnit3Failure.In(message);
            result.ErrorMessage = failure.Message;
            result.ErrorStackTrace = failure.StackTrace;
        }

        // A result's files come with the test's end. Of several results of one id the first counts, as it does for the adapter.
        _results.TryAdd(id, (message.Text(CaseId) ?? "", result));
    }

    private static TestResult ResultOf(TestCase test, VsOutcome outcome, string? name, DateTimeOffset? startedAt, JsonElement message)
    {
        var result = new TestResult(test)
        {
            ComputerName = Environment.MachineName,
            DisplayName = string.IsNullOrEmpty(name) ? test.DisplayName : name,
            Duration = TimeSpan.FromSeconds(message.Number("ExecutionTime")),
            Outcome = outcome,
        };
        if (startedAt is { } begin && message.Time("FinishTime") is { } end)
            (result.StartTime, result.EndTime) = (begin, end);

        // The platform takes a test of no duration for one that did not run.
        if (result.Duration == TimeSpan.Zero)
            result.Duration = TimeSpan.FromMilliseconds(1);
        if (outcome == VsOutcome.Skipped)
            result.ErrorMessage = message.Text("Reason");
        else if (message.Text("Output") is { Length: > 0 } output)
            result.Messages.Add(new TestResultMessage(TestResultMessage.StandardOutCategory, output));
        return result;
    }

    private void Finish(JsonElement message)
    {
        var id = message.Text(TestId) ?? "";
        _names.Remove(id);
        if (!_results.Remove(id, out var told))
            return;
        var result = told.Result;
        TellWarnings(result, message);
        if (message.TryGetProperty("Attachments", out var files) && files.ValueKind == JsonValueKind.Object)
        {
            foreach (var trouble in attachments.Write(id, files, result))
                handler.HandleLogMessage(TestMessageLevel.Warning, Line(1, trouble));
        }

        Tell(result);
    }

    // A case of several rows is told as running until its first row, as the platform does, because the time that a test may take is a
    // row's.
    private void Tell(TestResult result)
    {
        if (result.Outcome == VsOutcome.Failed)
            _failuresTold++;
        handler.HandleTestRunStatsChange(new TestRunChangedEventArgs(null, [result], []));
    }

    // These are tests whose end could not be read.
    private void TellPending(Predicate<string> isMeant)
    {
        foreach (var (id, pending) in _results.Where(pending => isMeant(pending.Value.Case)).ToList())
        {
            _results.Remove(id);
            Tell(pending.Result);
        }

        foreach (var cleanUp in _cleanUps.Where(cleanUp => isMeant(cleanUp.Case)).ToList())
        {
            _cleanUps.Remove(cleanUp);
            handler.HandleTestRunStatsChange(new TestRunChangedEventArgs(null, [cleanUp.Result], []));
        }
    }

    // A failure counts even where its message could not be read.
    private void CountFailures(int failed)
    {
        HasFailures |= failed > 0;
        if (failed > _failuresTold)
            Fail($"{Quantity.Of(failed, "test")} failed, but what was said of {failed - _failuresTold} could not be read.");
    }

    private void TellDiagnostic(string text)
    {
        if (text.StartsWith(Error, StringComparison.OrdinalIgnoreCase))
            LastError = text;
        handler.HandleLogMessage(TestMessageLevel.Informational, Line(1, text));
    }

    private void TellWarnings(TestResult result, JsonElement message)
    {
        if (!message.TryGetProperty("Warnings", out var warnings) || warnings.ValueKind != JsonValueKind.Array)
            return;
        foreach (var warning in warnings.EnumerateArray())
            handler.HandleLogMessage(TestMessageLevel.Warning, Line(1, $"{result.DisplayName}: {XUnit3Json.Text(warning)}"));
    }

    private void TellActive(JsonElement message, bool isRunning)
    {
        if (CaseOf(message) is { } test)
            handler.HandleTestRunStatsChange(new TestRunChangedEventArgs(null, null, isRunning ? [test] : []));
    }

    private TestCase? CaseOf(JsonElement message)
    {
        var id = message.Text(CaseId) ?? "";
        if (cases.TryGetValue(id, out var test))
            return test;
        Fail($"Result reported for unknown test case: {_names.GetValueOrDefault(id, id)}");
        return null;
    }

    private void TellCleanUp(string type, JsonElement message)
    {
        var scope = Scopes.GetValueOrDefault(type[..^CleanUpFailed.Length]) ?? Scopes["test"];
        var id = message.Text(scope.Id) ?? "";
        var name = _names.GetValueOrDefault(id, id);
        var failure = XUnit3Failure.In(message);
        Fail($"[Test {scope.Title}Cleanup Failure ({name})] {failure.Type}", depth: 2);
        TellDetails(3, failure.Message);
        TellDetails(3, "Stack Trace:");
        TellDetails(4, failure.StackTrace);
        if (scope.Id is TestId or CaseId && CaseOf(message) is { } test)
            _cleanUps.Add((message.Text(CaseId) ?? "", ResultOf(test, $"[Test {scope.Title}Cleanup Failure ({name})]", failure)));
    }

    private static TestResult ResultOf(TestCase test, string cleanUp, XUnit3Failure failure) => new(test)
    {
        ComputerName = Environment.MachineName,
        DisplayName = test.DisplayName,
        Duration = TimeSpan.FromMilliseconds(1),
        Outcome = VsOutcome.Failed,
        ErrorMessage = $"{cleanUp}: {failure.Message}",
        ErrorStackTrace = failure.StackTrace,
    };

    private void Fail(string text, int depth = 1)
    {
        HasFailures = true;
        handler.HandleLogMessage(TestMessageLevel.Error, Line(depth, text));
    }

    private void TellDetails(int depth, string text)
    {
        foreach (var line in text.Split('\n'))
            handler.HandleLogMessage(TestMessageLevel.Informational, Line(depth, line.TrimEnd('\r')));
    }

    // The adapter writes lines in this form, and they are read in it.
    private string Line(int depth, string text)
    {
        var indentation = new string(' ', depth == 1 ? 1 : 2 * depth);
        return string.Create(CultureInfo.InvariantCulture, $"[xUnit.net {_watch.Elapsed:hh\\:mm\\:ss\\.ff}]{indentation}{text}");
    }

    /// <summary>What xunit sets up and cleans up.</summary>
    /// <param name="Title">In the adapter's words for a failed clean-up.</param>
    /// <param name="Id">The property with its id.</param>
    /// <param name="Name">The property with its name.</param>
    private sealed record Scope(string Title, string Id, string Name);
}
