namespace ConcurrentTesting.Results;

/// <summary>What was tried again because of an infrastructure fault, by its cause.</summary>
internal static class WorkerRetries
{
    private const string IncidentPrefix = "retry-";

    public static int Of(RunRecord record) => Batches(record).Count() + Preparations(record).Sum(cause => cause.Count);

    /// <summary>Batches that were run again: their hosts died, or some of their tests gave no result.</summary>
    public static IEnumerable<BatchRecord> Batches(RunRecord record) => record.Batches.Where(batch => batch.Reason is "requeue" or "alone" or "by-name" or "retry");

    /// <summary>What was tried again before a batch could run: <c>clone</c>, <c>session-start</c>.</summary>
    public static IEnumerable<(string Cause, int Count)> Preparations(RunRecord record) => record.Incidents
        .Where(incident => incident.Kind.StartsWith(IncidentPrefix, StringComparison.Ordinal))
        .CountBy(incident => incident.Kind[IncidentPrefix.Length..])
        .Select(cause => (cause.Key, cause.Value));
}
