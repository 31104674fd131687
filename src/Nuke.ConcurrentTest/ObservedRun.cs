using ConcurrentTesting;
using ConcurrentTesting.Settings;
using Microsoft.Extensions.Logging;
using Nuke.Common.CI.AzurePipelines;
using Nuke.Common.CI.GitHubActions;
using Serilog.Extensions.Logging;

namespace Nuke.ConcurrentTest;

/// <summary>A run of the engine inside a target: it can be interrupted, is reported however it ends, and becomes the build's exit
/// code.</summary>
internal sealed class ObservedRun : IDisposable
{
    private readonly IConcurrentTest _build;
    private readonly SerilogLoggerFactory _loggers;
    private readonly ILogger _logger;
    private readonly Interruption _interruption;
    private ConcurrentTestSettings? _settings;
    private ConcurrentTestResult _result = new() { ExitCode = ConcurrentTestExitCode.Incomplete, Reason = "the run did not begin" };
    private Exception? _defect;
    private bool _isOneOfSeveral;

    public ObservedRun(IConcurrentTest build)
    {
        _build = build;
        _loggers = new SerilogLoggerFactory(Serilog.Log.Logger);
        _logger = new VerbosityLogger(_loggers.CreateLogger("ConcurrentTest"), build.Verbosity);
        _interruption = new Interruption(_logger);
    }

    public CancellationToken Interrupted => _interruption.Token;

    /// <summary>Does what a target is for and reports it, or explains the parameters where that was asked for.</summary>
    /// <exception cref="TestRunFailedException">Tests failed, or the run could not be carried out.</exception>
    public static async Task DoAsync(IConcurrentTest build, Func<ObservedRun, ConcurrentTestSettings, Task> work)
    {
        using var run = new ObservedRun(build);
        try
        {
            if (run.Read() is not { } settings)
                return;
            await work(run, settings);
        }
        catch (Exception exception)
        {
            run.EndWith(exception);
        }
        finally
        {
            run.Report();
        }

        run.FailUnlessSuccessful();
    }

    /// <summary>Removes what runs have left, or explains the parameters where that was asked for.</summary>
    /// <exception cref="TestRunFailedException">
    /// A guard refused, the server cannot be reached, or something could not be removed.
    /// </exception>
    public static async Task CleanAsync(IConcurrentTest build)
    {
        using var run = new ObservedRun(build);
        try
        {
            if (run.Read() is { } settings)
                await run.CleanAsync(settings);
        }
        catch (Exception exception) when (exception is ConcurrentTestException or IOException or UnauthorizedAccessException
            || run.IsCancelledBy(exception))
        {
            run.EndWith(exception);
            build.ExitCode = (int)run._result.ExitCode;
            throw new TestRunFailedException(run._result.Reason, null);
        }
    }

    public ConcurrentTestSettings Parse(ConcurrentTestSettings settings) =>
        ConcurrentTestParameters.Parse(BuildParameters.Sources(_build, settings.RootDirectory), settings, _logger);

    /// <summary>Says so where the <c>ITest</c> of Nuke.Components would count this run's results as its own.</summary>
    public void NameSharedResults(ConcurrentTestSettings settings)
    {
        var theirs = _build.GetType().GetInterface("Nuke.Components.ITest")?.GetProperty("TestResultDirectory")?.GetValue(_build)
            ?.ToString();
        if (theirs is not null && Path.GetFullPath(theirs) == Path.GetFullPath(settings.ResultsDirectory))
        {
            _logger.LogWarning(
                "ITest of Nuke.Components counts every .trx in {Folder}, also those of this run: give {Property} a folder of its own", theirs,
                nameof(IConcurrentTest.ConcurrentTestResultsDirectory));
        }
    }

    public async Task ExecuteAsync(ConcurrentTestSettings settings)
    {
        _isOneOfSeveral = (settings.Shard ?? settings.Queue) is not null;
        _result = await ConcurrentTestRun.RunAsync(settings, _logger, _interruption.Terminated, _interruption.Cancelled);
    }

    public async Task MergeAsync(ConcurrentTestSettings settings) =>
        _result = await ConcurrentTestRun.MergeAsync(settings, _logger, Interrupted);

    public async Task PlanAsync(ConcurrentTestSettings settings)
    {
        _settings = settings with { List = true };
        _result = await ConcurrentTestRun.PlanAsync(settings, _logger, Interrupted);
    }

    /// <summary>Lets the build look at what came out. What it throws is a failure like any other.</summary>
    public async Task HandOverAsync()
    {
        if (_settings is { List: true } || _result.Tests.Count == 0 || _result.ExitCode == ConcurrentTestExitCode.Cancelled)
            return;
        string? reason = null;
        // The report of a part that another job was does not change what became of it.
        var run = _settings is { ReportFrom.IsEmpty: false } ? _result with { ResultsDirectory = null } : _result;
        var judged = await ConcurrentTestRun.JudgeAsync(run, _ =>
        {
            reason = Judge(_result);

            // What it says may hold a secret, so the files say only that it failed.
            return reason is null ? null : $"{nameof(IConcurrentTest.OnConcurrentTestCompleted)} failed; the output of its job says why";
        });
        _result = judged.ExitCode == _result.ExitCode
            ? _result
            : _result with { ExitCode = judged.ExitCode, Reason = reason!, ClosingLines = [reason!, .. _result.ClosingLines] };
    }

    private string? Judge(ConcurrentTestResult result)
    {
        try
        {
            _build.OnConcurrentTestCompleted(result);
            return null;
        }
        catch (Exception exception)
        {
            var reason = $"{nameof(IConcurrentTest.OnConcurrentTestCompleted)} failed: {OneLine(exception.Message)}";
            _logger.LogError("{Reason}", reason);
            return reason;
        }
    }

    // It may hold the name of a test, which must not be a command to a CI server.
    private static string OneLine(string text) =>
        string.Concat(text.ReplaceLineEndings(" ").Where(character => !char.IsControl(character)))
            .Replace("##", "# #", StringComparison.Ordinal);

    public void Dispose()
    {
        _interruption.Dispose();
        _loggers.Dispose();
    }

    private bool IsCancelledBy(Exception exception) =>
        exception is OperationCanceledException && Interrupted.IsCancellationRequested;

    private void EndWith(Exception exception)
    {
        var isCancelled = IsCancelledBy(exception);
        _result = new ConcurrentTestResult
        {
            ExitCode = isCancelled ? ConcurrentTestExitCode.Cancelled
                : exception is ConcurrentTestException explained ? explained.ExitCode
                : ConcurrentTestExitCode.Incomplete,
            Reason = isCancelled ? "cancelled" : exception.Message,
        };
        _defect = isCancelled || exception is ConcurrentTestException ? null : exception;
    }

    private void Report()
    {
        if (_settings is { ShowHelp: true })
            return;
        LastLines.Print(_result);
        ReportSummary();
        try
        {
            ReportToHost();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _logger.LogWarning("The results could not be sent to the CI server: {Reason}", exception.Message);
        }
    }

    private void FailUnlessSuccessful()
    {
        if (_result.ExitCode == ConcurrentTestExitCode.Success)
            return;

        _build.ExitCode = (int)_result.ExitCode;
        // The last lines tell what ended before it was a run; CI servers make an annotation of NUKE's error.
        if (_defect is null && (_result.ClosingLines.Count > 0 || _build.IsLocalBuild))
            TargetFailure.IsTold();
        throw new TestRunFailedException(_result.Reason, _defect);
    }

    // Returns null where the parameters were explained instead.
    private ConcurrentTestSettings? Read()
    {
        var settings = _build.ConcurrentTestSettings(_build.ConcurrentTestSettingsBase(new ConcurrentTestSettings()));
        _settings = Parse(settings);
        if (!_settings.ShowHelp)
            return _settings;
        Console.WriteLine(ConcurrentTestParameters.Explain());
        return null;
    }

    private async Task CleanAsync(ConcurrentTestSettings settings)
    {
        var left = await ConcurrentTestCleaning.RunAsync(settings, _logger, Interrupted);
        if (left.Count == 0)
            return;
        _build.ExitCode = (int)ConcurrentTestExitCode.Incomplete;
        throw new TestRunFailedException($"could not be removed: {string.Join(", ", left)}", null);
    }

    private void ReportSummary()
    {
        var summary = _result.Passed + _result.Failed + _result.Skipped == 0
            ? [("Outcome", Outcome(_result.ExitCode))]
            : new[] { ("Failed", $"{_result.Failed}"), ("Passed", $"{_result.Passed}"), ("Skipped", $"{_result.Skipped}") };
        try
        {
            _build.ReportSummary(lines =>
            {
                foreach (var (name, value) in summary.Where(line => line.Item2 != "0"))
                    lines[name] = value;
                return lines;
            });
        }
        catch (InvalidOperationException)
        {
            // After Ctrl-C NUKE holds the target for aborted and takes no summary.
        }
    }

    // The reason itself is told once, in the last lines or above them.
    private static string Outcome(ConcurrentTestExitCode exitCode) => exitCode switch
    {
        ConcurrentTestExitCode.Success => "no test was run",
        ConcurrentTestExitCode.BadSettings => "wrong setting",
        ConcurrentTestExitCode.Refused => "refused",
        ConcurrentTestExitCode.Cancelled => "cancelled",
        _ => "incomplete",
    };

    private void ReportToHost()
    {
        foreach (var command in _result.HostCommands)
            Console.WriteLine(command);
        // Any other file in the results directory belongs to another run.
        if (_result.ResultsDirectory is not { } folder)
            return;

        var results = Path.Combine(folder, "test-results.trx");
        // What one of several machines ran would count twice, beside what the merge of all says.
        if (!_isOneOfSeveral && File.Exists(results))
        {
            AzurePipelines.Instance?.PublishTestResults(
                "ConcurrentTest", AzurePipelinesTestResultsType.VSTest, [results], publishRunAttachments: true);
        }

        var summary = Path.Combine(folder, "summary.md");
        if (File.Exists(summary) && GitHubActions.Instance?.StepSummaryFile is { } stepSummary)
            StepSummary.Append(stepSummary, summary);
    }
}
