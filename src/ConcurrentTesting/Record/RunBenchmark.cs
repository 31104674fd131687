namespace ConcurrentTesting.Record;

/// <summary>Where the time of a run went, and which tests took it. Every duration is of wall time, unless it is called the
/// workers'.</summary>
internal sealed record RunBenchmark
{
    /// <summary>A query that a test ran as often may be one for each row of another: the ORM's N+1.</summary>
    public const int SuspectedRepeats = 10;

    private const int Listed = 10;

    public required TimeSpan Wall { get; init; }

    /// <summary>The steps of the run in their order. <c>template</c> goes on beside <c>build</c> and <c>discovery</c>.</summary>
    public required ImmutableArray<BenchmarkPart> Phases { get; init; }

    /// <summary>What the workers' own time came to, added up over them.</summary>
    public required ImmutableArray<BenchmarkPart> WorkerTime { get; init; }

    /// <summary>The run on one worker: everything but the tests as it was, one test host for each assembly, the tests one after
    /// another.</summary>
    public required TimeSpan Sequential { get; init; }

    /// <summary><see cref="Sequential"/> over <see cref="Wall"/>; null where nothing ran.</summary>
    public required double? SpeedUp { get; init; }

    public required TimeSpan LowerBound { get; init; }
    public required double? Efficiency { get; init; }
    public required double? Imbalance { get; init; }
    public required ImmutableArray<TestRecord> Slowest { get; init; }

    /// <summary>The measured tests with most queries.</summary>
    public required ImmutableArray<TestRecord> MostQueries { get; init; }

    public required ImmutableArray<SuspectedQuery> Suspected { get; init; }

    public static RunBenchmark Of(RunRecord record)
    {
        var figures = RunFigures.Of(record);
        var sequential = SequentialOf(record);
        var ran = Ran(record).ToList();
        return new RunBenchmark
        {
            Wall = record.Wall,
            Phases = [.. PhasesOf(record)],
            WorkerTime = WorkerTimeOf(record),
            Sequential = sequential,
            SpeedUp = ran.Count > 0 && record.Wall > TimeSpan.Zero ? sequential / record.Wall : null,
            LowerBound = record.LowerBound,
            Efficiency = record.Efficiency,
            Imbalance = figures.Imbalance,
            Slowest = [.. FirstTests.Slowest(ran, Listed)],
            MostQueries = MostQueriesOf(record),
            Suspected = [.. SuspectedOf(ran)],
        };
    }

    /// <inheritdoc cref="MostQueries"/>
    public static ImmutableArray<TestRecord> MostQueriesOf(RunRecord record) =>
        [.. FirstTests.Of(Ran(record).Where(test => test.Final.Figures?.Queries > 0), test => test.Final.Figures!.Queries!.Value, Listed)];

    /// <inheritdoc cref="WorkerTime"/>
    public static ImmutableArray<BenchmarkPart> WorkerTimeOf(RunRecord record) => [.. PartsOfWorkers(record)];

    private static IEnumerable<TestRecord> Ran(RunRecord record) =>
        record.Tests.Where(test => test.Final.Outcome is not (TestOutcome.Skipped or TestOutcome.Error));

    private static IEnumerable<BenchmarkPart> PhasesOf(RunRecord record)
    {
        (string Phase, string Name)[] order =
            [(PhaseNames.Build, "build"), (PhaseNames.Discovery, "discovery"), (PhaseNames.Template, "template"),
                (PhaseNames.Tests, "tests"), (PhaseNames.Timings, "timings"),
                (PhaseNames.Coverage, "coverage"), (PhaseNames.Reports, "reports")];
        return order.Where(phase => record.Phases.ContainsKey(phase.Phase)).Select(
            phase => new BenchmarkPart(phase.Name, TimeSpan.FromSeconds(record.Phases[phase.Phase])));
    }

    private static IEnumerable<BenchmarkPart> PartsOfWorkers(RunRecord record)
    {
        if (record.Workers.IsEmpty)
            yield break;
        var busy = Sum(record.Workers, worker => worker.Busy);
        var all = record.TestTime;
        var tests = all < busy ? all : busy;
        var clones = Sum(record.Workers, worker => worker.Cloning);
        var starts = Sum(record.Workers, worker => worker.Starting);
        yield return new BenchmarkPart("tests", tests);
        yield return new BenchmarkPart("test hosts", busy - tests);
        yield return new BenchmarkPart("clones", clones);
        yield return new BenchmarkPart("worker starts", starts);
        yield return new BenchmarkPart("idle", NotNegative(Sum(record.Workers, worker => worker.Duration) - busy - clones - starts));
    }

    private static TimeSpan SequentialOf(RunRecord record)
    {
        var testPhase = TimeSpan.FromSeconds(record.Phases.GetValueOrDefault(PhaseNames.Tests));
        var batches = record.Batches.Length;
        var hosts = record.Batches.DistinctBy(batch => batch.Assembly).Count();
        var hostTime = NotNegative(Sum(record.Batches, batch => batch.Duration) - record.TestTime);
        return NotNegative(record.Wall - testPhase) + record.TestTime + (batches == 0 ? TimeSpan.Zero : hostTime / batches * hosts);
    }

    private static IEnumerable<SuspectedQuery> SuspectedOf(IEnumerable<TestRecord> tests) => tests
        .SelectMany(
            test => (test.Final.Figures ?? TestFigures.NotMeasured).Repeated.Select(
                query => new SuspectedQuery(test, query.Count, query.Text)))
        .Where(query => query.Count >= SuspectedRepeats)
        .OrderByDescending(query => query.Count)
        .ThenBy(query => query.Test.Id, StringComparer.Ordinal)
        .Take(Listed);

    private static TimeSpan Sum<T>(IEnumerable<T> items, Func<T, TimeSpan> time) => TimeSpan.FromTicks(items.Sum(item => time(item).Ticks));

    private static TimeSpan NotNegative(TimeSpan time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;
}

/// <summary>A share of the time.</summary>
internal sealed record BenchmarkPart(string Name, TimeSpan Time);

/// <summary>A query that one test ran so often that it may be an N+1.</summary>
/// <param name="Text">Shortened, without comments, with a question mark for each value.</param>
internal sealed record SuspectedQuery(TestRecord Test, long Count, string Text);
