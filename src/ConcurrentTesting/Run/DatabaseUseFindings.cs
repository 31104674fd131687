using static System.FormattableString;

namespace ConcurrentTesting.Run;

/// <summary>What the run has to say of how its databases were used.</summary>
internal static class DatabaseUseFindings
{
    private const int Named = 3;

    /// <summary>Kind and message of each finding; empty where all is well, or nothing can be told.</summary>
    public static IEnumerable<(string Kind, string Message)> Of(RunRecord record)
    {
        var uses = DatabaseUse.Of(record);
        if (IsAnyTestRun(record) && uses.Length > 0 && uses.All(use => use.IsUsed == false) && !IsAnotherOfItsOwnUsed(record))
        {
            yield return (IncidentKinds.DatabaseUnused, Invariant(
                $"NO TEST USED ITS DATABASE: nothing connected to the {Quantity.Of(uses.Length, "database")} of the workers{Instead(record, uses)}. ")
                + $"Tests that share one database spoil each other's data: make them read the variable {Variables(record)}, or name the variable that they read with --test-environment.");
        }

        foreach (var name in UnusedNames(record))
        {
            yield return (IncidentKinds.DatabaseUnused,
                $"NO TEST USED THE DATABASE {name} of its worker, while others of --test-databases were used. Whatever else the tests take for it is "
                + $"shared by all workers: make them read the variable {Variables(record, name)}, name the variable that they read with "
                + "--test-environment, or leave the name out of --test-databases.");
        }

        var unseen = uses.Where(use => use.UnseenSessions > 0).ToList();
        if (unseen.Count > 0)
        {
            yield return (IncidentKinds.UnseenWork, Invariant(
                $"The server counted {Quantity.Of(unseen.Sum(use => use.UnseenSessions), "session")} in the workers' databases ({Names(unseen.Select(use => use.Database))}) that no measured driver opened: ")
                + "tests start a process that connects, or use a driver that is not measured. The figures of tests lack that work.");
        }
    }

    // Of a part of the tests it would say nothing: those that use it may be elsewhere.
    private static IEnumerable<string> UnusedNames(RunRecord record)
    {
        if (record is not { Database: { } databases, Settings: { RunsAll: true, Queue: null } } || IsInPart(record)
            || databases.CloneOf.Length != databases.Clones.Length)
            return [];
        var clones = databases.Clones.Zip(databases.CloneOf, (clone, of) => (Name: clone, Of: of)).Where(clone => clone.Of.Length > 0)
            .ToLookup(clone => clone.Of, clone => clone.Name);
        var told = clones.Where(name => name.Any(clone => IsOpened(record, clone))).Select(name => name.Key).ToHashSet();
        var counted = clones.Where(name => SessionsOf(name, databases).Any(sessions => sessions > 0)).Select(name => name.Key).ToHashSet();

        // A witness who saw no other database either may not see this kind of use.
        var areToldByDrivers = told.Count > 0
            && record.Batches.All(batch => batch.Database is null || batch is { Opened: not null, Error: null });
        return clones
            .Where(name => !told.Contains(name.Key) && !counted.Contains(name.Key))
            .Where(name => areToldByDrivers || (counted.Count > 0 && SessionsOf(name, databases).All(sessions => sessions == 0)))
            .Select(name => name.Key);
    }

    // Not begun, stopped before its end, or filtered by what a project says itself.
    private static bool IsInPart(RunRecord record) =>
        !IsAnyTestRun(record) || record.Tests.Any(test => AttemptCauses.IsWithoutEnd(test.Final.Cause) || test.Assembly.Filter is not null);

    private static IEnumerable<long?> SessionsOf(IEnumerable<string> clones, DatabaseRecord databases) =>
        clones.Select(clone => databases.Statistics.FirstOrDefault(statistics => statistics.Database == clone)?.Sessions);

    private static bool IsAnyTestRun(RunRecord record) =>
        record.Tests.Any(test => test.Final.Outcome is TestOutcome.Passed or TestOutcome.Failed);

    // A lease may hold several databases, of which batches name the first.
    private static bool IsAnotherOfItsOwnUsed(RunRecord record) =>
        record.Database!.Statistics.Any(statistics => statistics.Sessions > 0 || IsOpened(record, statistics.Database))
        || record.Database.Clones.Any(clone => IsOpened(record, clone));

    private static bool IsOpened(RunRecord record, string database) =>
        record.Batches.Any(batch => batch.Opened?.Any(opened => DatabaseUse.IsSame(opened.Name, database)) == true);

    private static string Instead(RunRecord record, ImmutableArray<DatabaseUse> uses)
    {
        var others = record.Batches
            .SelectMany(batch => batch.Opened ?? [])
            .Select(opened => opened.Name)
            .Distinct()
            .Where(opened => !uses.Any(use => DatabaseUse.IsSame(opened, use.Database)))
            .Order(StringComparer.Ordinal)
            .ToList();
        return others.Count == 0 ? "" : $"; they connected to {Names(others)} instead";
    }

    private static string Names(IEnumerable<string> databases)
    {
        var all = databases.ToList();
        return string.Join(", ", all.Take(Named)) + (all.Count > Named ? Invariant($" and {all.Count - Named} more") : "");
    }

    /// <param name="name">Of one of a worker's databases; null: of any.</param>
    private static string Variables(RunRecord record, string? name = null) =>
        string.Join(" or ", record.Settings.Environment
            .Where(pattern => name is null ? pattern.HoldsDatabase : pattern.Databases(record.Settings.Databases).Contains(name))
            .Select(pattern => pattern.Name).DefaultIfEmpty("CONCURRENT_TEST_CONNECTION_STRING"));
}
