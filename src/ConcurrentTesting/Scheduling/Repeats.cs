using System.Collections.Frozen;

namespace ConcurrentTesting.Scheduling;

/// <summary>Makes a plan's tests run several times: all of them (<c>--test-stress</c>), or the new ones (<c>--test-new-runs</c>).</summary>
internal static class Repeats
{
    /// <summary>It is no remainder of a batch that went wrong.</summary>
    public static bool IsWhole(Batch batch) =>
        batch is { FruitlessTries: 0, Reason: BatchReasons.Plan or BatchReasons.Tail or BatchReasons.Repeat };

    /// <summary>The same tests once more.</summary>
    /// <param name="round">Which time it is, from 2.</param>
    public static Batch Again(Batch batch, int round) => batch with { Reason = BatchReasons.Repeat, Round = round, NotOnWorker = null };

    /// <summary>How many batches of the same tests run side by side: as many as it takes for each worker to have one.</summary>
    public static int CopiesOf(Plan plan) =>
        plan.Batches.Where(batch => batch.Reason != BatchReasons.Repeat).Count() is > 0 and var batches
            ? Math.Max(1, (plan.Seeds.Length + batches - 1) / batches)
            : 1;

    /// <summary>What must not run beside itself, with its group: where workers have no databases of their own all of it, else what has to
    /// stay together and what may guard something that databases do not keep apart.</summary>
    public static IReadOnlyDictionary<TestEntry, string> Apart(TestCatalog catalog, DatabaseEngine database) => catalog.Units
        .Where(unit => database == DatabaseEngine.None || !unit.Ties.IsEmpty || unit.SetUps.Any(setUp => setUp.Guard is not null))
        .SelectMany(unit => unit.Entries.Select(entry => (Entry: entry, Group: ExclusiveGroup.OfTimes(unit))))
        .ToDictionary(pair => pair.Entry, pair => pair.Group);

    /// <summary>The plan with each of its batches so often that all workers have work from the start.</summary>
    /// <param name="apart">What must not run beside itself.</param>
    public static Plan Stressed(Plan plan, StressGoal goal, IReadOnlyDictionary<TestEntry, string>? apart = null)
    {
        plan = WithGroups(plan, plan.Predictions.Keys.ToFrozenSet(), apart);
        var copies = Math.Min(CopiesOf(plan), goal.Times ?? int.MaxValue);
        return plan with
        {
            Repeated = plan.Predictions.Keys.ToFrozenSet(),
            Tail =
            [
                .. plan.Tail,
                .. Enumerable.Range(2, copies - 1).SelectMany(round => plan.Batches.Select(batch => Again(batch, round))),
            ],
        };
    }

    /// <summary>The plan with further batches of the tests that no run has recorded yet.</summary>
    /// <param name="times">How often they run in all.</param>
    /// <param name="apart">What must not run beside itself.</param>
    public static Plan OfNew(Plan plan, TimingStore timings, int times, IReadOnlyDictionary<TestEntry, string>? apart = null)
    {
        if (times <= 1 || timings.NewAmong([.. plan.Predictions.Keys]) is not { Count: > 0 } found)
            return plan;
        var entries = WithNeeded(found, plan.Predictions.Keys);
        plan = WithGroups(plan, entries, apart);
        var ofNew = plan.Batches.Select(batch => Only(batch, entries, plan.Predictions)).Where(batch => !batch.Entries.IsEmpty).ToList();
        return plan with
        {
            Repeated = entries,
            Seconds = plan.Seconds + ((times - 1) * ofNew.Sum(batch => batch.Seconds)),
            Tail = [.. plan.Tail, .. Enumerable.Range(2, times - 1).SelectMany(round => ofNew.Select(batch => Again(batch, round)))],
        };
    }

    // A test that needs others, or that others need, is not itself without them.
    private static IReadOnlySet<TestEntry> WithNeeded(IReadOnlySet<TestEntry> entries, IEnumerable<TestEntry> all)
    {
        var needs = entries.Where(entry => entry.Need is not null).Select(entry => (entry.Assembly, entry.Need)).ToHashSet();
        return needs.Count == 0 ? entries : entries.Union(all.Where(entry => needs.Contains((entry.Assembly, entry.Need)))).ToFrozenSet();
    }

    private static Batch Only(Batch batch, IReadOnlySet<TestEntry> entries, IReadOnlyDictionary<TestEntry, double> predictions)
    {
        var kept = batch.Entries.Where(entries.Contains).ToList();
        return batch with
        {
            Entries = [.. kept],
            Seconds = kept.Sum(entry => predictions[entry]),
            ExclusiveGroups = [.. ExclusiveGroup.Of(kept), .. batch.ExclusiveGroups.Where(ExclusiveGroup.IsOfTimes)],
        };
    }

    private static Plan WithGroups(Plan plan, IReadOnlySet<TestEntry> repeated, IReadOnlyDictionary<TestEntry, string>? apart)
    {
        if (apart is not { Count: > 0 })
            return plan;
        return plan with { Seeds = [.. plan.Seeds.Select(With)], Tail = With(plan.Tail) };

        ImmutableArray<Batch> With(ImmutableArray<Batch> batches) => [.. batches.Select(batch => batch with
        {
            ExclusiveGroups =
            [
                .. batch.ExclusiveGroups,
                .. batch.Entries.Where(entry => repeated.Contains(entry) && apart.ContainsKey(entry))
                    .Select(entry => apart[entry]).Distinct(StringComparer.Ordinal),
            ],
        })];
    }
}
