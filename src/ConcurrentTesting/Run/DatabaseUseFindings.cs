using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
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

        var unseen = uses.Where(use => use.UnseenSessions > 0).ToList();
        if (unseen.Count > 0)
        {
            yield return (IncidentKinds.UnseenWork, Invariant(
                $"The server counted {Quantity.Of(unseen.Sum(use => use.UnseenSessions), "session")} in the workers' databases ({Names(unseen.Select(use => use.Database))}) that no measured driver opened: ")
                + "tests start a process that connects, or use a driver that is not measured. The figures of tests lack that work.");
        }
    }

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

    private static string Variables(RunRecord record) =>
        string.Join(" or ", record.Settings.Environment.Where(pattern => pattern.HoldsDatabase)
            .Select(pattern => pattern.Name).DefaultIfEmpty("CONCURRENT_TEST_CONNECTION_STRING"));
}
