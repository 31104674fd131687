namespace ConcurrentTesting.Record;

/// <summary>What the server itself counted in one clone until it was dropped. Null is what the server does not tell.</summary>
internal sealed record DatabaseStatistics
{
    /// <summary>The clone's name.</summary>
    public required string Database { get; init; }

    /// <summary>The worker that had it.</summary>
    public int Worker { get; init; }

    /// <summary>Sessions that were opened in it, whoever opened them. On SQLite 1 where the file was changed, else null.</summary>
    public long? Sessions { get; init; }

    /// <summary>Transactions, committed or rolled back; a statement outside of one counts as one.</summary>
    public long? Transactions { get; init; }

    public long? RowsRead { get; init; }

    public long? RowsInserted { get; init; }

    public long? RowsUpdated { get; init; }

    public long? RowsDeleted { get; init; }

    /// <summary>Rows inserted, updated and deleted together, where the server does not tell them apart.</summary>
    public long? RowsChanged { get; init; }

    public long? Deadlocks { get; init; }
}
