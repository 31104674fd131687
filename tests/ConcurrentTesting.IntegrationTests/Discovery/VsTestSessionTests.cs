using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;
using Shouldly;
using Xunit;
using TestResult = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>A session is one real console with its own environment, and nothing of it is left when it ends.</summary>
public sealed class VsTestSessionTests(BuiltSuites suites)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_the_given_environment_and_that_of_the_batch_reach_a_test()
    {
        var file = suites.Repository.In("environment.json");
        var given = Environment().SetItem("SUITE_GIVEN", "by the session");
        var batch = ImmutableDictionary<string, string>.Empty
            .Add("SUITE_ENVIRONMENT_FILE", file)
            .Add("SUITE_ODD", "  <a> & \"b\" 'c';\n\tÄ😀=%PATH%  ");
        System.Environment.SetEnvironmentVariable("SUITE_INHERITED", "from this process");
        await using var session = await StartAsync(given);

        var results = await RunAsync(session, "Tells_its_environment", batch);

        results.Single().Outcome.ShouldBe(TestOutcome.Passed);
        var seen = JsonSerializer.Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(file, Cancellation))!;
        seen["SUITE_GIVEN"].ShouldBe("by the session");
        seen["SUITE_ODD"].ShouldBe(batch["SUITE_ODD"]);
        seen.ShouldNotContainKey("SUITE_INHERITED");
    }

    [Fact]
    public async Task The_process_is_the_console_that_was_started()
    {
        await using var session = await StartAsync(Environment());

        using var process = Process.GetProcessById(session.ProcessId);
        process.HasExited.ShouldBeFalse();
        if (OperatingSystem.IsLinux())
            (await File.ReadAllTextAsync($"/proc/{session.ProcessId}/cmdline", Cancellation)).ShouldContain("vstest.console.dll");
    }

    [Fact]
    public async Task A_session_runs_one_operation_after_another()
    {
        await using var session = await StartAsync(Environment());
        var assembly = await suites.AssemblyAsync("NUnit");

        var discoveries = await Task.WhenAll(
            session.DiscoverAsync([assembly.Path], ForDiscovery(assembly), Cancellation),
            session.DiscoverAsync([assembly.Path], ForDiscovery(assembly), Cancellation));

        discoveries[0].IsAborted.ShouldBeFalse();
        discoveries[0].Cases.Length.ShouldBeGreaterThan(20);
        discoveries[1].Cases.Select(test => test.Id).ShouldBe(discoveries[0].Cases.Select(test => test.Id));
    }

    [Fact]
    public async Task A_killed_session_leaves_no_process_and_its_run_completes()
    {
        await using var session = await StartAsync(Environment());
        var (run, testProcess) = await StartHangingAsync(session, Cancellation);

        session.Kill();

        await run.WaitAsync(Bound, Cancellation);
        await session.Exited.WaitAsync(Bound, Cancellation);
        ShouldBeGone(testProcess);
    }

    [Fact]
    public async Task The_run_of_a_console_that_dies_completes_and_disposing_ends_what_it_left()
    {
        int testProcess;
        await using (var session = await StartAsync(Environment()))
        {
            (var run, testProcess) = await StartHangingAsync(session, Cancellation);

            using (var console = Process.GetProcessById(session.ProcessId))
                console.Kill();

            await run.WaitAsync(Bound, Cancellation);
            await session.Exited.WaitAsync(Bound, Cancellation);
            await Should.ThrowAsync<InvalidOperationException>(() => session.DiscoverAsync([], "<RunSettings/>", Cancellation));
        }

        ShouldBeGone(testProcess);
    }

    [Fact]
    public async Task A_cancelled_run_ends_with_its_processes()
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        int testProcess;
        await using (var session = await StartAsync(Environment()))
        {
            (var run, testProcess) = await StartHangingAsync(session, cancel.Token);

            await cancel.CancelAsync();

            await Should.ThrowAsync<OperationCanceledException>(() => run.WaitAsync(Bound, Cancellation));
        }

        ShouldBeGone(testProcess);
    }

    [Fact]
    public async Task An_aborted_run_completes_and_the_session_goes_on()
    {
        await using var session = await StartAsync(Environment());
        var (run, _) = await StartHangingAsync(session, Cancellation, "XUnit3");

        session.Abort();

        await run.WaitAsync(Bound, Cancellation);
        (await RunAsync(session, "Passes", ImmutableDictionary<string, string>.Empty)).Single().Outcome.ShouldBe(TestOutcome.Passed);
    }

    [Fact]
    public async Task A_disposed_session_is_gone()
    {
        var session = await StartAsync(Environment());
        var watch = Stopwatch.StartNew();

        await session.DisposeAsync();

        session.Exited.IsCompleted.ShouldBeTrue();
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_console_that_does_not_start_is_an_error()
    {
        var location = await VsTestLocation.FindAsync(suites.Repository.Path, Cancellation);
        var notAConsole = suites.Repository.Write("not-a-console.dll", "");

        var exception = await Should.ThrowAsync<ConcurrentTestException>(
            () => VsTestSession.StartAsync(location with { Console = notAConsole }, Environment(), null, suites.Repository.Log, Cancellation).WaitAsync(Bound, Cancellation));

        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        exception.Message.ShouldContain("vstest.console did not start");
        exception.Message.ShouldContain(notAConsole);
    }

    [Fact]
    public async Task A_filter_runs_sources_as_dotnet_test_does()
    {
        await using var session = await StartAsync(Environment());
        var assembly = await suites.AssemblyAsync("XUnit3");
        var results = new Results();

        await session.RunTestsAsync([assembly.Path], "FullyQualifiedName~OfInt", ForBatch(assembly, ImmutableDictionary<string, string>.Empty), results, Cancellation);

        results.All.Select(result => result.TestCase.FullyQualifiedName).ShouldBe(["Suites.OfInt.Inherited"]);
    }

    [Fact]
    public async Task More_than_two_thousand_listed_tests_of_NUnit_are_run_alone()
    {
        using var repository = new TestRepository();
        repository.AddSuite("Many", "NUnit", """
            using NUnit.Framework;
            namespace Many;
            public class Listed { static IEnumerable<int> Rows => Enumerable.Range(0, 2100); [TestCaseSource(nameof(Rows))] public void Holds(int row) { } }
            public class Others { [Test] public void NotAsked() { } }
            """);
        var catalog = await repository.DiscoverAsync("Many");
        await using var session = await StartAsync(Environment());
        var listed = catalog.Units.Single(unit => unit.Name == "Many.Listed");
        var results = new Results();

        await session.RunTestsAsync(
            CasesPayload.Of(listed.Entries), null, ForBatch(listed.Assembly, ImmutableDictionary<string, string>.Empty), results, Cancellation);

        results.All.Count.ShouldBe(2100);
        results.All.ShouldAllBe(result => result.TestCase.FullyQualifiedName.StartsWith("Many.Listed."));
    }

    private async Task<(Task Run, int TestProcess)> StartHangingAsync(VsTestSession session, CancellationToken cancellationToken, string framework = "XUnit3")
    {
        var file = suites.Repository.In($"{Guid.NewGuid():N}.pid");
        var hangs = (await suites.EntriesAsync(framework)).Single(entry => entry.MethodName == "Hangs");
        var settings = ForBatch(hangs.Assembly, ImmutableDictionary<string, string>.Empty.Add("SUITE_HANG", file));
        var run = session.RunTestsAsync(CasesPayload.Of([hangs]), null, settings, new Results(), cancellationToken);
        return (run, await ReadProcessIdAsync(file));
    }

    private static async Task<int> ReadProcessIdAsync(string file)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < Bound)
        {
            if (File.Exists(file) && int.TryParse(await File.ReadAllTextAsync(file, Cancellation), CultureInfo.InvariantCulture, out var id))
                return id;
            await Task.Delay(20, Cancellation);
        }

        throw new TimeoutException("The hanging test did not start.");
    }

    private static void ShouldBeGone(int processId)
    {
        // A killed process that nobody waits for stays listed as a zombie until init has taken it.
        var watch = Stopwatch.StartNew();
        while (IsRunning(processId) && watch.Elapsed < Bound)
            Thread.Sleep(20);
        IsRunning(processId).ShouldBeFalse($"process {processId} is still running");
    }

    private static bool IsRunning(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private async Task<VsTestSession> StartAsync(ImmutableDictionary<string, string> environment)
    {
        await suites.CatalogAsync();
        var location = await VsTestLocation.FindAsync(suites.Repository.Path, Cancellation);
        return await VsTestSession.StartAsync(location, environment, null, suites.Repository.Log, Cancellation);
    }

    private static ImmutableDictionary<string, string> Environment() => ProcessEnvironment.For(new ConcurrentTestSettings());

    private async Task<ConcurrentQueue<TestResult>> RunAsync(VsTestSession session, string method, ImmutableDictionary<string, string> environment)
    {
        var entry = (await suites.EntriesAsync("XUnit3")).Single(entry => entry.MethodName == method);
        var results = new Results();
        await session.RunTestsAsync(CasesPayload.Of([entry]), null, ForBatch(entry.Assembly, environment), results, Cancellation);
        return results.All;
    }

    private string ForDiscovery(TestAssembly assembly) => RunSettings().ForDiscovery(TestRepository.Seed, assembly);

    private string ForBatch(TestAssembly assembly, ImmutableDictionary<string, string> environment) => RunSettings().ForBatch(
        new BatchRunSettings(TestRepository.Seed, environment, suites.Repository.In("results"), $"{Guid.NewGuid():N}.trx", assembly));

    private RunSettingsDocument RunSettings() => RunSettingsDocument.Load(suites.Repository.Settings, suites.Repository.Log);

    private sealed class Results : ITestRunEventsHandler
    {
        private readonly ConcurrentQueue<TestResult> _results = new();

        public ConcurrentQueue<TestResult> All => _results;

        public void HandleTestRunStatsChange(TestRunChangedEventArgs? testRunChangedArgs) => Add(testRunChangedArgs);

        public void HandleTestRunComplete(
            TestRunCompleteEventArgs testRunCompleteArgs,
            TestRunChangedEventArgs? lastChunkArgs,
            ICollection<AttachmentSet>? runContextAttachments,
            ICollection<string>? executorUris) => Add(lastChunkArgs);

        public void HandleLogMessage(TestMessageLevel level, string? message)
        {
        }

        public void HandleRawMessage(string rawMessage)
        {
        }

        public int LaunchProcessWithDebuggerAttached(TestProcessStartInfo testProcessStartInfo) => -1;

        private void Add(TestRunChangedEventArgs? chunk)
        {
            foreach (var result in chunk?.NewTestResults ?? [])
                _results.Enqueue(result);
        }
    }
}
