namespace ConcurrentTesting.Scheduling;

/// <summary>Tells the plan in the log, a line a worker.</summary>
internal static class PlanLog
{
    public static void Write(ILogger log, Plan plan)
    {
        log.LogDebug(
            "Plan: {Seconds:0.0} s of tests, {Known:P0} of the durations known, lower bound {LowerBound:0.0} s, shared batches: {Tail}",
            plan.Seconds, plan.KnownTimings, plan.LowerBoundSeconds, plan.Tail.Length);
        for (var worker = 0; worker < plan.Seeds.Length; worker++)
            log.LogTrace("Plan of worker {Worker}: {Batches}", worker, Describe(plan.Seeds[worker]));
        foreach (var batch in plan.Tail)
            log.LogTrace("Plan of the tail: {Batch}", Describe([batch]));
    }

    private static string Describe(IReadOnlyCollection<Batch> batches) =>
        batches.Count == 0
            ? "nothing to begin with"
            : string.Join(
                "; ", batches.Select(
                    batch => FormattableString.Invariant(
                        $"{batch.Assembly.Source}: {Quantity.Of(batch.CaseCount, "test")}, {batch.Seconds:0.0} s")));
}
