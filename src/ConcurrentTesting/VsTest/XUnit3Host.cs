using System.Xml.Linq;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;

namespace ConcurrentTesting.VsTest;

/// <summary>Runs xunit v3's tests in their own program, without a test host between that would start the same program twice: once to ask
/// what it is, once to run.</summary>
/// <param name="testHost">Runs what the program cannot be asked for.</param>
internal sealed class XUnit3Host(
    HostContext run, DirectAssemblies assemblies, SessionProcesses processes, HostBinding bound, int worker,
    Func<CancellationToken, Task<ITestHost>> testHost) : ITestHost, IDisposable
{
    private const int FailedStatus = 1;

    // The program ends with -1073741510, of which the system keeps the lowest byte.
    private const int StoppedStatus = 0x3A;
    private const string IdProperty = "XunitTestCaseUniqueID";

    private XUnit3Process? _process;

    // This host runs the batches that the program could not.
    private ITestHost? _other;
    private StartTurn? _turn;

    public HostBinding Bound => bound;

    /// <summary>A program runs once.</summary>
    public int? WarmProcess => null;

    public bool IsTelling => _process is { IsTelling: true } || _other is { IsTelling: true };

    /// <inheritdoc cref="DirectTestHost.TakeTurnAsync"/>
    public async Task TakeTurnAsync(CancellationToken cancellationToken) => _turn ??= await run.Starts.TakeAsync(cancellationToken);

    public async Task<HostRunEnd> RunAsync(HostRun hostRun, IHostEvents events, CancellationToken cancellationToken)
    {
        var begun = new BegunEvents(events, EndTurn);
        try
        {
            _other = null;
            return await RunOrHandOverAsync(hostRun, begun, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new HostRunEnd("the run was ended early.");
        }
        finally
        {
            EndTurn();
        }
    }

    public void Dispose() => EndTurn();

    private async Task<HostRunEnd> RunOrHandOverAsync(HostRun hostRun, BegunEvents events, CancellationToken cancellationToken)
    {
        if (hostRun.Selection is null && assemblies.ProgramOf(bound.Assembly) is { } command && TestsOf(hostRun) is { } tests)
        {
            try
            {
                return await RunProgramAsync(command, tests, hostRun, events, cancellationToken);
            }
            catch (Exception exception) when (exception is not (OperationCanceledException or ConcurrentTestException))
            {
                // A test host needs nothing of this, whatever failed.
                run.Log.LogDebug(exception, "Worker {Worker}: the program {Program} could not be used", worker, command.Program);
                assemblies.GiveUpProgram(bound.Assembly, exception.Message);
                if (events.HasBegun)
                    return new HostRunEnd(exception.Message, IsConsoleGone: true);
            }
        }

        // The test host takes a turn of its own.
        EndTurn();
        _other = await testHost(cancellationToken);
        return await _other.RunAsync(hostRun, events, cancellationToken);
    }

    // Returns null where a case lacks what the program needs, because it comes from another adapter.
    private ChosenTests? TestsOf(HostRun hostRun)
    {
        var whole = PackedValues.Unpack(CasesPayload.Of(hostRun.Entries));
        var path = assemblies.PathOf(bound.Assembly);
        var cases = (path == bound.Assembly.Path ? whole : PackedValues.At(whole, path)).ToList();
        var byId = new Dictionary<string, TestCase>(StringComparer.Ordinal);
        var serialized = new List<string>();
        foreach (var test in cases)
        {
            if (TestCaseNames.Text(test, IdProperty) is not { } id
                || TestCaseNames.Text(test, XUnit3Serialization.Property) is not { } text || !byId.TryAdd(id, test))
                return null;
            serialized.Add(text);
        }

        return new ChosenTests(byId, serialized);
    }

    private async Task<HostRunEnd> RunProgramAsync(
        XUnit3Command command, ChosenTests tests, HostRun hostRun, IHostEvents events, CancellationToken cancellationToken)
    {
        var settings = run.RunSettings.ForBatch(BatchRunSettings.Of(hostRun, bound));
        var arguments = Path.Combine(
            hostRun.ResultsDirectory, string.Create(CultureInfo.InvariantCulture, $"batch-{hostRun.Batch:0000}.arguments"));
        try
        {
            await WriteAsync(arguments, command.ArgumentsFor(XElement.Parse(settings), tests.Serialized), cancellationToken);
            _turn?.Begin();
            var environment = ProcessEnvironment.For(run.Settings).SetItems(ConsoleHabits.EnvironmentIn(settings));
            await using var process = XUnit3Process.Start(command, arguments, command.Complete(environment), processes, run.Log);
            _process = process;
            _ = DeleteWhenReadAsync(process, arguments);
            run.Hook.Remember(process.Id, process.Exited);
            var handler = new HostRunHandler(
                bound.Assembly.Framework, events, TrxLog.Begin(run.Location, hostRun.ResultsDirectory, hostRun.TrxFileName, run.Log));
            var attached = string.Create(CultureInfo.InvariantCulture, $"attached-{hostRun.Batch:0000}");
            var messages = new XUnit3Messages(
                handler, tests.ById, new XUnit3Attachments(Path.Combine(hostRun.ResultsDirectory, attached)));
            await HearAsync(process, messages, handler, cancellationToken);
            return handler.End! with { Coverage = null };
        }
        finally
        {
            if (_process is { } ended)
                run.Hook.Release(ended.Id);
            _process = null;
            File.Delete(arguments);
        }
    }

    // The file goes when it was read, so that a killed run leaves no tests' arguments behind.
    private static async Task DeleteWhenReadAsync(XUnit3Process process, string arguments)
    {
        await process.Spoken;
        File.Delete(arguments);
    }

    private async Task HearAsync(
        XUnit3Process process, XUnit3Messages messages, HostRunHandler handler, CancellationToken cancellationToken)
    {
        await using var killing = cancellationToken.Register(() => processes.Kill(process.Exit is null ? process.Id : null));
        ProcessExit? exit;
        try
        {
            exit = await process.HearAsync(messages, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // The results that have arrived are written.
            handler.Abort(null);
            throw;
        }

        if (messages.IsFinished && (exit is null || IsExpected(exit, messages)))
        {
            handler.HandleTestRunComplete(
                new TestRunCompleteEventArgs(null, isCanceled: false, isAborted: false, null, null, null, TimeSpan.Zero), null, null, null);
            return;
        }

        var errors = string.Join(' ', new[] { messages.LastError, await process.ErrorsAsync() }.Where(text => !string.IsNullOrEmpty(text)));
        if (!messages.HasBegun && exit is { IsKilled: false })
        {
            throw new HostProtocolException(string.Create(
                CultureInfo.InvariantCulture, $"its program ended with exit code {exit.Status} before any test. {errors}"));
        }

        handler.Abort(TestProcess.CrashWith(errors));
    }

    // The program tells by its exit code that a test or a clean-up failed, and by another one that it stopped at the first failure.
    private static bool IsExpected(ProcessExit exit, XUnit3Messages messages) =>
        !exit.IsKilled && (exit.Status == 0 || (messages.HasFailures && exit.Status is FailedStatus or StoppedStatus));

    // The file holds tests with their arguments, which nobody else may read.
    private static async Task WriteAsync(string file, IEnumerable<string> lines, CancellationToken cancellationToken)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var writer = new StreamWriter(file, options);
        foreach (var line in lines)
            await writer.WriteLineAsync(line.AsMemory(), cancellationToken);
    }

    private void EndTurn() => Interlocked.Exchange(ref _turn, null)?.Dispose();

    /// <param name="Serialized">As the adapter wrote them for the program.</param>
    private sealed record ChosenTests(IReadOnlyDictionary<string, TestCase> ById, IReadOnlyList<string> Serialized);
}
