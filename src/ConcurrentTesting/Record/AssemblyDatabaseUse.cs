namespace ConcurrentTesting.Record;

/// <summary>Whether an assembly's tests used the databases that their workers had for them.</summary>
internal static class AssemblyDatabaseUse
{
    /// <summary>Null where nothing can tell: no databases, no test that ran, or neither drivers nor server were asked.</summary>
    public static bool? Of(TestAssembly assembly, ImmutableArray<BatchRecord> batches, RunRecord run)
    {
        ImmutableArray<BatchRecord> ran = [.. batches.Where(batch => batch is { Database: not null, Tests: > 0 })];
        if (run.Database is not { } databases || ran.IsEmpty || !IsAnyTestRun(assembly, run))
            return null;
        var own = ran.Select(batch => batch.Database!).Concat(databases.Statistics.Select(statistics => statistics.Database))
            .Concat(databases.Clones).ToHashSet();
        return ran.Any(batch => Connected(batch, own)) ? true : IsSilent(ran, databases) ? false : null;
    }

    private static bool Connected(BatchRecord batch, HashSet<string> own) =>
        batch.Opened?.Any(opened => opened.Connections > 0 && own.Any(name => DatabaseUse.IsSame(opened.Name, name))) == true;

    // The server counts sessions that no driver tells, but not whose they were.
    private static bool IsSilent(ImmutableArray<BatchRecord> ran, DatabaseRecord databases)
    {
        var sessions = databases.Statistics.Where(statistics => ran.Any(batch => batch.Database == statistics.Database))
            .Select(statistics => statistics.Sessions).ToList();
        var isToldByDrivers = ran.All(batch => batch.Opened is not null);
        return sessions.TrueForAll(count => count is null or 0) && (isToldByDrivers || sessions.Contains(0));
    }

    private static bool IsAnyTestRun(TestAssembly assembly, RunRecord run) =>
        run.Tests.Any(test => test.Assembly == assembly && test.Final.Outcome is TestOutcome.Passed or TestOutcome.Failed);
}
