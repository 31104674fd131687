using System.Diagnostics;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>The run's own process dies, in order or not: nothing of it stays.</summary>
public sealed class KilledEngineTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("XUnit3", Hosts.Direct)]
    [InlineData("NUnit", Hosts.Direct)]
    [InlineData("XUnit3", Hosts.Console)]
    [InlineData("NUnit", Hosts.Console)]
    public async Task A_killed_run_leaves_no_process(string suite, string host)
    {
        using var run = SampleRun.Start([suite], ["--workers", "1", "--test-host", host, "--test-filter", "FullyQualifiedName~Never_ends"], ("SAMPLE_HANG", "1"));
        await run.RunningAsync(Cancellation);
        var below = Watched(run);
        below.ShouldNotBeEmpty();

        await SampleRun.SignalAsync(run.ProcessId, "KILL", Cancellation);

        await GoneAsync(below);
    }

    [Theory]
    [InlineData(Hosts.Direct)]
    [InlineData(Hosts.Console)]
    public async Task A_second_signal_ends_the_run_at_once_and_nothing_stays(string host)
    {
        using var run = SampleRun.Start(["XUnit3"], ["--workers", "1", "--test-host", host, "--test-filter", "FullyQualifiedName~Never_ends"], ("SAMPLE_HANG", "1"));
        await run.RunningAsync(Cancellation);
        var below = Watched(run);

        await SampleRun.SignalAsync(run.ProcessId, "INT", Cancellation);
        await run.SeenAsync("a second signal ends it at once", Cancellation);
        await SampleRun.SignalAsync(run.ProcessId, "INT", Cancellation);
        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(130, outcome.Output);
        await GoneAsync(below);
    }

    // Its processes by id and start, so that an id that is used again is not taken for one of them.
    private static List<(int Id, string Command)> Watched(SampleRun run) => [.. ProcessTree.Below(run.ProcessId).Select(id => (id, ProcessTree.CommandLine(id))).Where(process => process.Item2.Length > 0)];

    private static async Task GoneAsync(List<(int Id, string Command)> processes)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        for (var bound = Stopwatch.StartNew(); bound.Elapsed < Patience && Living(processes).Any();)
            await timer.WaitForNextTickAsync(Cancellation);
        var left = Living(processes).ToList();
        // What hangs would do so for ever.
        foreach (var (id, _) in left)
            await SampleRun.SignalAsync(id, "KILL", Cancellation);
        left.ShouldBeEmpty();
    }

    private static IEnumerable<(int Id, string Command)> Living(List<(int Id, string Command)> processes) => processes.Where(process => ProcessTree.CommandLine(process.Id) == process.Command);
}
