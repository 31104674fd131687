using System.Threading.Channels;

namespace ConcurrentTesting.VsTest;

/// <summary>Lets only a number of test hosts start at a time. A host does nothing but compute until its first test, so more of them than
/// the machine has cores would only make all of them begin later.</summary>
internal sealed class StartTurns
{
    // A host that waits in a set-up of its tests does not need the cores, and nobody tells that, so a turn ends after this time.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(1.5);

    private readonly Channel<int> _free = Channel.CreateUnbounded<int>();

    public StartTurns(int atOnce)
    {
        for (var turn = 0; turn < atOnce; turn++)
            _free.Writer.TryWrite(turn);
    }

    /// <summary>As many turns as the machine has cores, and no fewer than two: a start waits for the disk too.</summary>
    public static StartTurns OfThisMachine() => new(Math.Max(2, Environment.ProcessorCount));

    /// <summary>Waits for a turn, in the order of asking; it ends with its disposal or a while after
    /// <see cref="StartTurn.Begin"/>.</summary>
    public async Task<StartTurn> TakeAsync(CancellationToken cancellationToken) =>
        TurnOf(await _free.Reader.ReadAsync(cancellationToken));

    /// <summary>Null where no turn is free at this moment.</summary>
    public StartTurn? TryTake() => _free.Reader.TryRead(out var turn) ? TurnOf(turn) : null;

    private StartTurn TurnOf(int turn) => new(() => _free.Writer.TryWrite(turn), Longest);
}

/// <summary>The turn of one host to start.</summary>
internal sealed class StartTurn(Action end, TimeSpan longest) : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private int _isOver;

    /// <summary>The host's process has started: from now on the turn takes a bounded time.</summary>
    public void Begin() => _ = EndLaterAsync();

    /// <summary>Ends the turn; more than once is once.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isOver, 1) != 0)
            return;
        end();
        _ended.Cancel();
        _ended.Dispose();
    }

    private async Task EndLaterAsync()
    {
        await Task.Delay(longest, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Dispose();
    }
}
