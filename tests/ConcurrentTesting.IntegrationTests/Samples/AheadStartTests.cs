using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Test hosts start while the databases are prepared, and end with a run that ends before they are.</summary>
public sealed class AheadStartTests
{
    private static readonly string[] Timed = ["--workers", "2", "--test-filter", "FullyQualifiedName~Trouble|FullyQualifiedName~Members"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_that_is_cancelled_while_its_template_is_built_leaves_no_test_host()
    {
        using var run = SampleRun.Start(["XUnit2"], [.. Timed, "--test-database", "sqlite", "--test-template", "cmd:sleep 120"]);
        var host = await HostOfFirstWorkerAsync(run);

        await SampleRun.SignalAsync(run.ProcessId, "INT", Cancellation);
        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(130, outcome.Output);
        ProcessTree.CommandLine(host).ShouldBeEmpty();
        outcome.Tests.ShouldBeEmpty();
    }

    [Fact]
    public async Task Run_whose_template_fails_leaves_no_test_host()
    {
        using var folder = new Marker();
        using var run = SampleRun.Start(["XUnit2"], [.. Timed, "--test-database", "sqlite", "--test-template", $"cmd:while [ ! -e {folder.File} ]; do sleep 0.1; done; exit 3"]);
        var host = await HostOfFirstWorkerAsync(run);

        folder.Set();
        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        ProcessTree.CommandLine(host).ShouldBeEmpty();
    }

    [Fact]
    public async Task Test_host_that_died_before_it_had_anything_to_do_is_no_fault_of_the_tests()
    {
        using var folder = new Marker();
        using var run = SampleRun.Start(["XUnit2"], [.. Timed, "--test-database", "sqlite", "--test-template", $"cmd:while [ ! -e {folder.File} ]; do sleep 0.1; done; cat {Repository.Schema("sqlite")}/*.sql | sqlite3 \"$CONCURRENT_TEST_DATABASE\""]);
        var host = await HostOfFirstWorkerAsync(run);

        await SampleRun.SignalAsync(host, "KILL", Cancellation);
        folder.Set();
        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Incidents.ShouldBeEmpty();
        outcome.Tests.ShouldAllBe(test => test.Attempts == 1);
    }

    // What discovers knows of no worker.
    private static async Task<int> HostOfFirstWorkerAsync(SampleRun run)
    {
        var host = 0;
        await run.UntilAsync(
            () => (host = run.Descendants("testhost").FirstOrDefault(ProcessTree.WithVariable("CONCURRENT_TEST_WORKER", "0").Contains)) > 0,
            "the first worker has a test host", Cancellation);
        return host;
    }

    private sealed class Marker : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("ahead-").FullName;

        public string File => Path.Combine(_folder, "go");

        public void Set() => System.IO.File.WriteAllText(File, "");

        public void Dispose() => Directory.Delete(_folder, recursive: true);
    }
}
