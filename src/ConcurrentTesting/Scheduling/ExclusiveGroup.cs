namespace ConcurrentTesting.Scheduling;

/// <summary>Tests that must not run beside others: fixed ports, shared files, state of the whole server.</summary>
internal static class ExclusiveGroup
{
    /// <summary>The group whose members run beside nothing at all.</summary>
    public const string Everything = "Exclusive";

    // No trait of a test begins like this.
    private const string Times = "times of ";

    /// <summary>The group of what must not run beside itself where it is to run several times.</summary>
    public static string OfTimes(TestUnit unit) => $"{Times}{unit.Key}";

    /// <summary>Whether a group is no trait's but keeps the times that tests are to run apart.</summary>
    public static bool IsOfTimes(string group) => group.StartsWith(Times, StringComparison.Ordinal);

    /// <summary>The groups of all entries, without repetition and in a stable order.</summary>
    public static ImmutableArray<string> Of(IEnumerable<TestEntry> entries) =>
        [.. entries.SelectMany(entry => entry.ExclusiveGroups).Distinct(StringComparer.OrdinalIgnoreCase).Order(
            StringComparer.OrdinalIgnoreCase)];

    /// <summary>Whether a batch may run beside those that are running.</summary>
    public static bool MayRunBeside(Batch batch, IReadOnlyCollection<Batch> running) =>
        running.Count == 0 || (!IsBesideNothing(batch) && !running.Any(other => IsBesideNothing(other) || Share(batch, other)));

    /// <summary>It runs beside nothing at all.</summary>
    public static bool IsBesideNothing(Batch batch) => batch.ExclusiveGroups.Contains(Everything, StringComparer.OrdinalIgnoreCase);

    private static bool Share(Batch batch, Batch other) =>
        batch.ExclusiveGroups.Intersect(other.ExclusiveGroups, StringComparer.OrdinalIgnoreCase).Any();
}
