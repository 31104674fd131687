using ConcurrentTesting.Execution;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

public sealed class RunStopTests
{
    [Fact]
    public async Task A_run_stops_with_the_failure_that_is_one_too_many()
    {
        using var stop = new RunStop(failFast: 2, CancellationToken.None);
        stop.CountFailure();
        stop.Reason.ShouldBeNull();

        stop.CountFailure();

        await StoppedAsync(stop);
        stop.Reason.ShouldBe("Not run: 2 tests had failed (--test-fail-fast).");
        stop.Fault.ShouldBeNull();
    }

    [Fact]
    public async Task What_each_batch_tells_anew_is_one_failure()
    {
        using var stop = new RunStop(failFast: 2, CancellationToken.None);
        for (var batches = 0; batches < 10; batches++)
            stop.CountFailureOf(("cleanup", "Assembly clean-up Shop.Tests"));
        stop.Reason.ShouldBeNull();

        stop.CountFailureOf(("cleanup", "Class clean-up Shop.Tests.Basket"));

        await StoppedAsync(stop);
        stop.Reason.ShouldBe("Not run: 2 tests had failed (--test-fail-fast).");
    }

    [Fact]
    public void Without_a_limit_no_number_of_failures_stops_a_run()
    {
        using var stop = new RunStop(failFast: 0, CancellationToken.None);

        for (var failures = 0; failures < 1000; failures++)
            stop.CountFailure();

        stop.Token.IsCancellationRequested.ShouldBeFalse();
    }

    [Fact]
    public async Task What_broke_is_the_reason_whatever_else_stopped_the_run()
    {
        using var stop = new RunStop(failFast: 1, CancellationToken.None);
        stop.CountFailure();

        stop.Break("The server is gone.");

        await StoppedAsync(stop);
        stop.Reason.ShouldBe("The server is gone.");
        stop.Fault.ShouldBe("The server is gone.");
    }

    [Fact]
    public async Task A_cancelled_run_says_so()
    {
        using var caller = new CancellationTokenSource();
        using var stop = new RunStop(failFast: 1, caller.Token);

        await caller.CancelAsync();

        stop.Reason.ShouldBe("Not run: the run was cancelled.");
    }

    [Fact]
    public async Task A_run_that_failures_stopped_is_told_from_one_that_was_cancelled_or_broke()
    {
        using var caller = new CancellationTokenSource();
        using var stop = new RunStop(failFast: 1, CancellationToken.None);
        using var cancelled = new RunStop(failFast: 1, caller.Token);
        using var broken = new RunStop(failFast: 1, CancellationToken.None);
        stop.IsByFailures.ShouldBeTrue("nothing stopped it");

        stop.CountFailure();
        await caller.CancelAsync();
        broken.CountFailure();
        broken.Break("The server is gone.");

        await StoppedAsync(stop);
        (stop.IsByFailures, cancelled.IsByFailures, broken.IsByFailures).ShouldBe((true, false, false));
    }

    private static async Task StoppedAsync(RunStop stop)
    {
        var stopped = new TaskCompletionSource();
        await using var registration = stop.Token.Register(stopped.SetResult);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }
}
