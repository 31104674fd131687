namespace ConcurrentTesting.Record;

/// <summary>What two witnesses know of one worker's database: the drivers in the test processes, and the server itself.</summary>
internal sealed record DatabaseUse
{
    /// <summary>Its name; SQLite: its file.</summary>
    public required string Database { get; init; }

    public required int Worker { get; init; }

    /// <summary>Connections that the test processes opened to it; null where that was not measured.</summary>
    public long? Connections { get; init; }

    /// <summary>What the test processes of its batches did, wherever they connected to; null where that was not measured.</summary>
    public TestFigures? Drivers { get; init; }

    /// <summary>Null where the server tells nothing.</summary>
    public DatabaseStatistics? Server { get; init; }

    /// <summary>Batches that ran with it.</summary>
    public required int Batches { get; init; }

    /// <summary>All of them ended well, so that the drivers' counts are whole.</summary>
    public required bool IsWhole { get; init; }

    /// <summary>Null where neither witness can tell.</summary>
    public bool? IsUsed => Connections > 0 || Server?.Sessions > 0 ? true : Connections == 0 || Server?.Sessions == 0 ? false : null;

    /// <summary>Sessions that no driver told of; 0 where that cannot be told.</summary>
    public long UnseenSessions =>
        IsWhole && Connections is { } told && Server?.Sessions is { } sessions && CountsSessions ? Math.Max(0, sessions - told) : 0;

    // SQLite has no sessions; 1 stands for a file that was changed.
    private bool CountsSessions => Server?.Transactions is not null;

    /// <summary>The databases that batches ran with, by worker.</summary>
    public static ImmutableArray<DatabaseUse> Of(RunRecord record) => record.Database is not { } databases
        ? []
        : [.. record.Batches.Where(batch => batch.Database is not null).GroupBy(batch => batch.Database!)
            .Select(batches => Of(batches.Key, [.. batches], databases)).OrderBy(use => use.Worker).ThenBy(
                use => use.Database, StringComparer.Ordinal)];

    private static DatabaseUse Of(string database, ImmutableArray<BatchRecord> batches, DatabaseRecord databases)
    {
        var isMeasured = batches.All(batch => batch.Opened is not null);
        return new DatabaseUse
        {
            Database = database,
            Worker = batches[0].Worker,
            Connections = isMeasured ? batches.Sum(
                batch => batch.Opened!.Value.Where(opened => IsSame(opened.Name, database)).Sum(opened => opened.Connections)) : null,
            Drivers = isMeasured ? TestFigures.Sum(batches.Select(batch => batch.Figures).OfType<TestFigures>()) : null,
            Server = databases.Statistics.FirstOrDefault(statistics => statistics.Database == database),
            Batches = batches.Length,
            IsWhole = batches.All(batch => batch.Error is null),
        };
    }

    /// <summary>A file may be reached by a link; its name is not used twice.</summary>
    public static bool IsSame(string opened, string database) =>
        opened == database || (Path.IsPathRooted(database) && Path.GetFileName(opened) == Path.GetFileName(database));
}
