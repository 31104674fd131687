namespace ConcurrentTesting.Record;

/// <summary>The names under which a run counts what happens to its databases.</summary>
internal static class CountNames
{
    public const string TemplateHits = "template_hits";
    public const string TemplateMisses = "template_misses";
    public const string Leaked = "leaked";
    public const string HealthChecks = "health_checks_";
    public const string Healthy = HealthChecks + "ok";
    public const string Unhealthy = HealthChecks + "failed";

    /// <summary>The sum of the retries by cause, <see cref="RetriesOf"/>.</summary>
    public const string Retries = "retries";

    public const string RetriesSucceeded = "retries_succeeded";

    public const string RetriesByCause = "retries_";

    /// <summary>Those that are zero, not unknown, where they were not counted.</summary>
    public static ImmutableArray<string> Always { get; } =
        [Leaked, RetriesSucceeded, Healthy, Unhealthy, .. Enum.GetValues<FaultCause>().Except([FaultCause.None]).Select(RetriesOf)];

    public static string RetriesOf(FaultCause cause) => RetriesByCause + cause.Word();
}
