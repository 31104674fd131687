namespace ConcurrentTesting.Scheduling;

/// <summary>A cost that was measured in earlier runs, in seconds: the plain mean of the first runs, exponential from then on.</summary>
internal sealed record MeasuredCost(double Seconds, int Samples)
{
    private const double Smoothing = 0.3;

    public static MeasuredCost With(MeasuredCost? known, double seconds) => known is null
        ? new MeasuredCost(Round(seconds), 1)
        : new MeasuredCost(
            Round(known.Seconds + (Math.Max(Smoothing, 1.0 / (known.Samples + 1)) * (seconds - known.Seconds))), known.Samples + 1);

    private static double Round(double seconds) => Math.Round(Math.Max(0, seconds), 3);
}

/// <summary>What is known of an assembly beside its tests: what a batch of it costs, and whether its tests use their worker's
/// databases.</summary>
internal sealed record AssemblyTiming
{
    /// <summary>A batch without shared set-ups, before its first test and after its last; null: never measured.</summary>
    public MeasuredCost? Host { get; init; }

    /// <summary>The tests did not use the databases of their workers; null: they did, or it is not known.</summary>
    public bool? DatabaseUnused { get; init; }

    /// <summary>What it and the assemblies of other projects beside it were made of when its tests ran last; null: not known.</summary>
    public string? Content { get; init; }

    /// <summary>Since when that is so, to the second.</summary>
    public DateTimeOffset? ChangedAt { get; init; }

    /// <summary>The share of its tests' time in which its test processes did not compute, 0 to 1; null: never measured.</summary>
    public double? Waiting { get; init; }

    /// <summary>What each shared set-up adds to a batch with some of its classes, by name; null: none was measured.</summary>
    public ImmutableSortedDictionary<string, MeasuredCost>? SetUps { get; init; }
}
