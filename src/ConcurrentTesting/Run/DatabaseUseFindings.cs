using System.Collections.Frozen;
using static System.FormattableString;

namespace ConcurrentTesting.Run;

/// <summary>What the run has to say of how its databases were used.</summary>
internal static partial class DatabaseUseFindings
{
    private const int Named = 3;

    // What belongs to the server, and is connected to for making databases.
    private static readonly FrozenSet<string> OfTheServer =
        ["postgres", "template0", "template1", "mysql", "sys", "information_schema", "performance_schema"];

    /// <summary>Kind and message of each finding; empty where all is well, or nothing can be told.</summary>
    public static IEnumerable<(string Kind, string Message)> Of(RunRecord record)
    {
        var uses = DatabaseUse.Of(record);
        var areUnused = AreUnused(record, uses);
        if (areUnused)
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

        foreach (var finding in OfSharing(record, areUnused))
            yield return finding;

        var unseen = uses.Where(use => use.UnseenSessions > 0).ToList();
        if (unseen.Count > 0)
        {
            yield return (IncidentKinds.UnseenWork, Invariant(
                $"The server counted {Quantity.Of(unseen.Sum(use => use.UnseenSessions), "session")} in the workers' databases ({Names(unseen.Select(use => use.Database))}) that no measured driver opened: ")
                + "tests start a process that connects, or use a driver that is not measured. The figures of tests lack that work.");
        }
    }

    // What all of them used instead of their own is told already; on servers of their own a name is another thing on each.
    private static IEnumerable<(string Kind, string Message)> OfSharing(RunRecord record, bool areUnused)
    {
        if (record is not { Database: not null, Settings.Isolation: DatabaseIsolation.Database })
            yield break;
        if (!areUnused && SharedSentence(record) is { } shared)
            yield return (IncidentKinds.DatabaseShared, shared);
        if (FixedNameSentence(record) is { } fixedName)
            yield return (IncidentKinds.ServerShared, fixedName);
    }

    // A database of tests that only read it may well be shared.
    private static string? SharedSentence(RunRecord record)
    {
        var own = record.Batches.Select(batch => batch.Database).OfType<string>().Concat(record.Database!.Clones)
            .Concat(record.Database.Statistics.Select(statistics => statistics.Database)).Distinct().ToList();
        var shared = record.Batches.SelectMany(batch => (batch.Opened ?? []).Select(opened => (Batch: batch, Opened: opened)))
            .GroupBy(use => use.Opened.Name)
            .Where(uses => uses.DistinctBy(use => use.Batch.Worker).Skip(1).Any() && !OfTheServer.Contains(uses.Key)
                && !own.Exists(name => DatabaseUse.IsSame(uses.Key, name)))
            .OrderBy(uses => uses.Key, StringComparer.Ordinal).ToList();
        if (shared.Count == 0)
            return null;
        var first = shared[0].DistinctBy(use => use.Batch.Worker).OrderBy(use => use.Batch.Worker).Take(Named).Select(use => Invariant(
            $"worker {use.Batch.Worker} first by {(use.Opened.FirstTest.Length > 0 ? use.Opened.FirstTest : "a set-up of " + use.Batch.Assembly.Source)}"));
        return $"SEVERAL WORKERS USE ONE DATABASE, and none has it for itself: {Names(shared.Select(uses => uses.Key))}. {shared[0].Key} was opened on "
            + $"{string.Join(", on ", first)}. Unless they only read it, their tests spoil each other's data: give each worker its own by --test-databases or a name "
            + "with {Worker} in --test-environment, or keep these tests from each other by the trait ConcurrentTest.";
    }

    private static string? FixedNameSentence(RunRecord record)
    {
        if (!record.Batches.DistinctBy(batch => batch.Worker).Skip(1).Any())
            return null;
        var failed = record.Tests.Concat(record.OutsideEntries)
            .Where(test => DecidingAttempt.IsFailure(test.Final) && FixedName().IsMatch(test.Final.Message ?? "")).ToList();
        return failed.Count == 0 ? null : $"TESTS FAILED ON A NAME THAT THE WHOLE SERVER SHARES: {TestNames.Full(failed[0].ClassName, failed[0].Name)} with "
            + Invariant($"\"{FixedName().Match(failed[0].Final.Message!).Value}\", {Quantity.Of(failed.Count, "such failure")} in all. ")
            + "Another worker's test may have made it: let each worker have a server of its own (--test-isolation server), or the names differ by worker (CONCURRENT_TEST_WORKER).";
    }

    // The second of each is of two sessions at once; a worker's own database is there by right.
    [GeneratedRegex(
        """(?:role|database) "(?!ct_)[^"]+" already exists|"pg_(?:authid_rolname|database_datname)_index"|"""
        + "Operation CREATE (?:USER|ROLE) failed for '[^']*'(?:@'[^']*')?|Can't create database '(?!ct_)[^']+'; database exists",
        RegexOptions.CultureInvariant)]
    private static partial Regex FixedName();

    // One of several machines may have just the tests that need none, for which the merge looks at all of them.
    private static bool AreUnused(RunRecord record, ImmutableArray<DatabaseUse> uses) =>
        IsOfAllMachines(record) && IsAnyTestRun(record) && uses.Length > 0
        && uses.All(use => use.IsUsed == false) && !IsAnotherOfItsOwnUsed(record);

    // A run of a part of the tests says nothing here: tests that use the database may be in another part.
    private static IEnumerable<string> UnusedNames(RunRecord record)
    {
        if (record is not { Database: { } databases } || IsInPart(record)
            || databases.CloneOf.Length != databases.Clones.Length)
            return [];
        var clones = databases.Clones.Zip(databases.CloneOf, (clone, of) => (Name: clone, Of: of)).Where(clone => clone.Of.Length > 0)
            .ToLookup(clone => clone.Of, clone => clone.Name);
        var told = clones.Where(name => name.Any(clone => IsOpened(record, clone))).Select(name => name.Key).ToHashSet();
        var counted = clones.Where(name => SessionsOf(name, databases).Any(sessions => sessions > 0)).Select(name => name.Key).ToHashSet();

        // A witness who saw no other database used either may not see this kind of use at all.
        var areToldByDrivers = told.Count > 0
            && record.Batches.All(batch => batch.Database is null || batch is { Opened: not null, Error: null });
        return clones
            .Where(name => !told.Contains(name.Key) && !counted.Contains(name.Key))
            .Where(name => areToldByDrivers || (counted.Count > 0 && SessionsOf(name, databases).All(sessions => sessions == 0)))
            .Select(name => name.Key);
    }

    private static bool IsOfAllMachines(RunRecord record) =>
        record.Settings is { Shard: null, Queue: null } || !record.Parts.IsEmpty;

    private static bool IsOfAll(RunRecord record) => record.Settings.RunsWholeClasses && IsOfAllMachines(record);

    // The run is one of several machines', did not begin a test, stopped before its end, or left tests out by a filter.
    private static bool IsInPart(RunRecord record) =>
        !IsOfAll(record) || !IsAnyTestRun(record)
        || record.Tests.Any(test => AttemptCauses.IsWithoutEnd(test.Final.Cause) || test.Assembly.Filter is not null);

    private static IEnumerable<long?> SessionsOf(IEnumerable<string> clones, DatabaseRecord databases) =>
        clones.Select(clone => databases.Statistics.FirstOrDefault(statistics => statistics.Database == clone)?.Sessions);

    private static bool IsAnyTestRun(RunRecord record) =>
        record.Tests.Any(test => test.Final.Outcome is TestOutcome.Passed or TestOutcome.Failed);

    // A lease may hold several databases, and batches name only the first.
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

    /// <param name="name">The name of one of a worker's databases; null: any of them.</param>
    private static string Variables(RunRecord record, string? name = null) =>
        string.Join(" or ", record.Settings.Environment
            .Where(pattern => name is null ? pattern.HoldsDatabase : pattern.Databases(record.Settings.Databases).Contains(name))
            .Select(pattern => pattern.Name).DefaultIfEmpty("CONCURRENT_TEST_CONNECTION_STRING"));
}
