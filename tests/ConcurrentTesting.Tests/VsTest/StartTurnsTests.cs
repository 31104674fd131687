using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class StartTurnsTests
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(20);

    private readonly StartTurns _turns = new(2);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_third_host_waits_until_one_of_two_has_begun_its_tests()
    {
        using var first = await _turns.TakeAsync(CancellationToken);
        using var second = await _turns.TakeAsync(CancellationToken);
        var third = _turns.TakeAsync(CancellationToken);
        third.IsCompleted.ShouldBeFalse();

        second.Dispose();
        second.Dispose();

        using var taken = await third.WaitAsync(Bound, CancellationToken);
        _turns.TakeAsync(CancellationToken).IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task A_host_that_waits_in_its_set_up_gives_its_turn_away()
    {
        using var first = await _turns.TakeAsync(CancellationToken);
        using var second = await _turns.TakeAsync(CancellationToken);

        first.Begin();

        using var third = await _turns.TakeAsync(CancellationToken).WaitAsync(Bound, CancellationToken);
    }

    [Fact]
    public async Task Who_does_not_wait_gets_a_turn_where_one_is_free()
    {
        using var first = await _turns.TakeAsync(CancellationToken);
        using var second = _turns.TryTake();
        second.ShouldNotBeNull();
        _turns.TryTake().ShouldBeNull();

        second.Dispose();

        using var next = await _turns.TakeAsync(CancellationToken).WaitAsync(Bound, CancellationToken);
    }

    [Fact]
    public async Task Who_waits_no_more_takes_nobodys_turn()
    {
        using var first = await _turns.TakeAsync(CancellationToken);
        using var second = await _turns.TakeAsync(CancellationToken);
        using var cancelled = new CancellationTokenSource();
        var gone = _turns.TakeAsync(cancelled.Token);

        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(gone);
        first.Dispose();

        using var next = await _turns.TakeAsync(CancellationToken).WaitAsync(Bound, CancellationToken);
    }
}
