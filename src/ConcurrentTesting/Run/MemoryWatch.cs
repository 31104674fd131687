namespace ConcurrentTesting.Run;

/// <summary>Gives memory back in time. The collector lets garbage grow with the machine's memory, of which the test hosts need the most:
/// above a limit the run's process collects once its garbage is a third of what it holds.</summary>
internal sealed class MemoryWatch : IAsyncDisposable
{
    /// <summary>Resident bytes of the process below which nothing is done.</summary>
    private const long Limit = 300L << 20;

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly ITimer _timer;
    private readonly ILogger _logger;
    private long _live;

    private MemoryWatch(TimeProvider time, ILogger logger)
    {
        _logger = logger;
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    public static MemoryWatch Begin(TimeProvider time, ILogger logger) => new(time, logger);

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private void Look()
    {
        var held = GC.GetTotalMemory(forceFullCollection: false);
        if (Environment.WorkingSet < Limit || held < Volatile.Read(ref _live) * 4 / 3)
            return;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        var live = GC.GetTotalMemory(forceFullCollection: false);
        Volatile.Write(ref _live, live);
        _logger.LogDebug("Memory: {Garbage} MB of garbage were collected, {Live} MB are held", (held - live) >> 20, live >> 20);
    }
}
