namespace ConcurrentTesting.Scheduling;

/// <summary>Learns from a run's batches what set-ups cost: the seconds from the begin of the test process to the first test and after the
/// last, less what it takes to load the tests; and which assemblies' tests used the databases of their workers.</summary>
internal static class BatchCosts
{
    // The share of the cores' time above which tests waited for them.
    private const double Saturated = 0.7;

    // A shorter time in all says nothing of how the tests waited.
    private static readonly TimeSpan LeastSeen = TimeSpan.FromSeconds(1);

    // How much a new measurement counts beside the earlier ones.
    private const double NewShare = 0.3;

    /// <param name="hostSeconds">The host's own part where it was never measured.</param>
    public static void Learn(TimingStore timings, TestCatalog catalog, RunRecord run, double hostSeconds)
    {
        var units = catalog.Units.SelectMany(unit => unit.Entries.Select(entry => (Key: (entry.Assembly.Path, entry.Id), unit)))
            .ToDictionary(pair => pair.Key, pair => pair.unit);
        var ran = run.Tests.SelectMany(
            test => test.Attempts.Select(attempt => (attempt.Batch, Unit: units.GetValueOrDefault((test.Assembly.Path, test.CaseId)))))
            .Where(test => test.Unit is not null).ToLookup(test => test.Batch, test => test.Unit!);
        var batches = run.Batches.Where(batch => batch is { Error: null, BesideTests: not null }).ToLookup(batch => batch.Assembly);
        foreach (var assembly in batches)
            LearnHost(timings, assembly.Key, assembly.Where(batch => SharedBy(batch) is { IsEmpty: true }));
        foreach (var assembly in batches)
        {
            LearnSetUps(
                timings, assembly.Key, assembly.ToLookup(SharedBy),
                timings.Of(assembly.Key).Host?.Seconds ?? timings.HostSeconds ?? hostSeconds);
        }

        LearnOfAll(timings, run);

        // Null where the batch's classes need different set-ups, because some of those run between tests.
        ImmutableList<SharedSetUp>? SharedBy(BatchRecord batch)
        {
            var needed = ran[batch.Number].Select(unit => unit.SetUps.Where(setUp => setUp.HasFixture).ToImmutableList()).ToList();
            return needed.Count > 0 && needed.TrueForAll(setUps => setUps.SequenceEqual(needed[0])) ? needed[0] : null;
        }
    }

    private static void LearnOfAll(TimingStore timings, RunRecord run)
    {
        var isSaturated = IsSaturated(run);
        foreach (var assembly in run.Batches.GroupBy(batch => batch.Assembly))
        {
            LearnUse(timings, assembly.Key, [.. assembly], run);
            LearnWaiting(timings, assembly.Key, assembly, isSaturated);
        }

        if (run.Workers.Min(worker => worker.FirstTest) is { } start)
            timings.Worker = MeasuredCost.With(timings.Worker, start.TotalSeconds);
    }

    // In such a run the cores had no time left, so tests waited for them.
    private static bool IsSaturated(RunRecord run)
    {
        var seen = run.Batches.Where(batch => batch.Computed is not null).ToList();
        var cpu = seen.Sum(batch => batch.Computed!.Cpu / batch.Computed.Seen * batch.Duration.TotalSeconds);
        return cpu > Saturated * Environment.ProcessorCount * run.Phases.GetValueOrDefault(PhaseNames.Tests);
    }

    // Tests that compute look as if they waited while they wait for a core, so a saturated run only shows an upper bound.
    private static void LearnWaiting(TimingStore timings, TestAssembly assembly, IEnumerable<BatchRecord> batches, bool isSaturated)
    {
        var seen = batches.Where(batch => batch is { Error: null, Computed: not null }).Select(batch => batch.Computed!).ToList();
        var known = timings.Of(assembly).Waiting;
        var seconds = seen.Sum(computed => computed.Seen.TotalSeconds);
        if (seconds < LeastSeen.TotalSeconds)
            return;
        var computing = seen.Sum(computed => computed.Cpu.TotalSeconds) / seconds;
        var share = Math.Clamp(1 - computing, 0, 1);
        if (isSaturated && share > known)
            return;
        var waiting = known is { } before ? before + (NewShare * (share - before)) : share;
        timings.Learn(assembly, timings.Of(assembly) with { Waiting = Math.Round(waiting, 3) });
    }

    private static void LearnHost(TimingStore timings, TestAssembly assembly, IEnumerable<BatchRecord> without)
    {
        if (Least(without) is { } seconds)
            timings.Learn(assembly, timings.Of(assembly) with { Host = MeasuredCost.With(timings.Of(assembly).Host, seconds) });
    }

    // Of several set-ups that run one after another only the sum is seen. The part that the known ones do not take is the first unknown
    // one's.
    private static void LearnSetUps(
        TimingStore timings, TestAssembly assembly, ILookup<ImmutableList<SharedSetUp>?, BatchRecord> batches, double hostSeconds)
    {
        var known = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var group in batches.Where(group => group.Key is { IsEmpty: false }).GroupBy(
            group => string.Join('|', group.Key!.Select(setUp => setUp.Name)))
            .OrderBy(group => group.First().Key!.Count))
        {
            var setUps = group.First().Key!;
            var left = Least(
                group.SelectMany(same => same))!.Value - hostSeconds - setUps.Sum(setUp => known.GetValueOrDefault(setUp.Name));
            foreach (var setUp in setUps.Where(setUp => !known.ContainsKey(setUp.Name)).ToList())
            {
                known[setUp.Name] = Math.Max(0, left);
                left = 0;
            }
        }

        var before = timings.Of(assembly).SetUps ?? ImmutableSortedDictionary.Create<string, MeasuredCost>(StringComparer.Ordinal);
        var after = known.Aggregate(
            before, (all, setUp) => all.SetItem(setUp.Key, MeasuredCost.With(all.GetValueOrDefault(setUp.Key), setUp.Value)));
        if (after.Count > 0)
            timings.Learn(assembly, timings.Of(assembly) with { SetUps = after });
    }

    private static void LearnUse(TimingStore timings, TestAssembly assembly, ImmutableArray<BatchRecord> batches, RunRecord run)
    {
        if (AssemblyDatabaseUse.Of(assembly, batches, run) is { } isUsed)
            timings.Learn(assembly, timings.Of(assembly) with { DatabaseUnused = isUsed ? null : true });
    }

    // The machine's other work only ever adds to a start, so the least is the best known.
    private static double? Least(IEnumerable<BatchRecord> batches) =>
        batches.Select(batch => (double?)batch.BesideTests!.Value.TotalSeconds).DefaultIfEmpty(null).Min();
}
