using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class VsTestSessionTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_console_that_does_not_read_what_it_is_sent_is_killed()
    {
        using var reads = new ManualResetEventSlim();
        var running = new TaskCompletionSource();
        var killed = new TaskCompletionSource();

        var stopping = VsTestSession.StopAsync(running.Task, () => reads.Wait(CancellationToken), killed.SetResult, Soon);

        await killed.Task.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken);
        reads.Set();
        await stopping;
    }

    [Fact]
    public async Task A_console_that_ends_its_operation_is_not_killed()
    {
        var running = new TaskCompletionSource();
        var isKilled = false;

        await VsTestSession.StopAsync(running.Task, running.SetResult, () => isKilled = true, TimeSpan.FromSeconds(30));

        isKilled.ShouldBeFalse();
    }

    [Fact]
    public async Task A_console_that_cannot_be_asked_is_killed()
    {
        var isKilled = false;

        await VsTestSession.StopAsync(new TaskCompletionSource().Task, () => throw new IOException("gone"), () => isKilled = true, Soon);

        isKilled.ShouldBeTrue();
    }
}
