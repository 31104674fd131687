namespace ConcurrentTesting.Scheduling;

/// <summary>What starting things costs in seconds of wall time, so that a plan does not start more than pays.</summary>
/// <param name="Host">One more test host, which every batch needs.</param>
/// <param name="Worker">One more worker: its console and its first host's warm-up.</param>
/// <param name="SmallestBatch">Expected seconds of work that are worth a test host.</param>
internal sealed record PlanCosts(double Host, double Worker, double SmallestBatch)
{
    // These were measured over the sample suites: a test host among seven others costs one to two seconds of CPU, a worker's console about
    // one.
    private const double HostCpuSeconds = 1.5;
    private const double WorkerCpuSeconds = 1.0;

    // The first is for a host that no console starts. A further batch on a warm host costs only the adapter's look at its tests.
    private const double DirectHostCpuSeconds = 0.8;
    private const double WarmHostCpuSeconds = 0.25;

    // This share of a host's cost is left when its process has begun.
    private const double LoadingShare = 0.33;

    /// <summary>The part of <see cref="Host"/> from the begin of the test process to its first test.</summary>
    public double Loading => LoadingShare * Host;

    /// <summary>What each batch pays before its tests beyond a host.</summary>
    public Exploration Exploration { get; init; } = Exploration.None;

    /// <summary>What exploring takes where so many workers do it at once, each of these assemblies.</summary>
    public double Exploring(IEnumerable<TestAssembly> assemblies, int workers) =>
        assemblies.Sum(Exploration.Seconds) * Math.Max(1, (double)workers / StartsAtOnce);

    /// <summary>The run starts the hosts itself, a few at a time.</summary>
    public bool TakesTurns { get; private init; }

    /// <summary>By how much later than the first worker's each one's first test begins, in seconds.</summary>
    public double LaterStart(int worker) => StartSeconds * (worker / StartsAtOnce);

    /// <summary>What one host's start takes where no more start than there are cores.</summary>
    private double StartSeconds { get; init; }

    private int StartsAtOnce { get; init; } = 1;

    /// <summary>The costs where so many workers share so many cores.</summary>
    /// <param name="known">Share of the tests with a known duration: guesses must not keep workers idle.</param>
    /// <param name="hosts">What starts the test hosts, and whether they stay warm.</param>
    public static PlanCosts For(int workers, int cores, double known, HostStarts hosts = HostStarts.ByConsole)
    {
        var contention = Math.Max(1.0, (double)workers / Math.Max(1, cores));
        var certain = contention * (0.25 + (0.75 * known));
        if (hosts != HostStarts.ByConsole)
        {
            return new PlanCosts(
                DirectHostCpuSeconds * certain, 0,
                (hosts == HostStarts.DirectAndWarm ? WarmHostCpuSeconds : DirectHostCpuSeconds) * contention)
            {
                TakesTurns = true,
                StartSeconds = DirectHostCpuSeconds * known,
                StartsAtOnce = Math.Max(1, cores),
            };
        }

        return new PlanCosts(
            HostCpuSeconds * certain, WorkerCpuSeconds * certain, HostCpuSeconds * contention)
        {
            StartsAtOnce = Math.Max(1, cores),
        };
    }
}

/// <summary>What starts test hosts.</summary>
internal enum HostStarts
{
    /// <summary>A worker's console, one for each batch.</summary>
    ByConsole,

    /// <summary>The run itself, one for each batch.</summary>
    Direct,

    /// <summary>The run itself, one for all batches of an assembly on a worker.</summary>
    DirectAndWarm,
}
