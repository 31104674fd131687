namespace Lending;

/// <summary>One write of the application.</summary>
public sealed record JournalEntry(long Id, string Actor, string Relation, string Operation, long RowId);

/// <summary>Who wrote what, in the order it was written.</summary>
public sealed class Journal
{
    private const string Columns = "id, actor, relation, operation, row_id";

    private readonly LendingDatabase _database;
    private readonly string _actor;

    internal Journal(LendingDatabase database, string actor)
    {
        _database = database;
        _actor = actor;
    }

    public async Task<long> LastIdAsync()
    {
        await using var session = await Session.BeginAsync(_database, _actor, default);
        return await session.NumberAsync("SELECT MAX(id) FROM journal");
    }

    public async Task<IReadOnlyList<JournalEntry>> SinceAsync(long id)
    {
        await using var session = await Session.BeginAsync(_database, _actor, default);
        return await session.QueryAsync($"SELECT {Columns} FROM journal WHERE id > @id ORDER BY id", Read, ("id", id));
    }

    public async Task<IReadOnlyList<JournalEntry>> OfAsync(string actor)
    {
        await using var session = await Session.BeginAsync(_database, _actor, default);
        return await session.QueryAsync($"SELECT {Columns} FROM journal WHERE actor = @actor ORDER BY id", Read, ("actor", actor));
    }

    /// <summary>Removes what an actor has inserted, last first, and has it in the journal.</summary>
    public async Task UndoInsertsAsync(string actor)
    {
        await using var session = await Session.BeginAsync(_database, actor, default);
        var entries = await session.QueryAsync($"SELECT {Columns} FROM journal WHERE actor = @actor ORDER BY id DESC", Read, ("actor", actor));
        var gone = entries.Where(entry => entry.Operation == "delete").Select(entry => (entry.Relation, entry.RowId)).ToHashSet();
        foreach (var entry in entries.Where(entry => entry.Operation == "insert" && !gone.Contains((entry.Relation, entry.RowId))))
            await session.DeleteAsync(entry.Relation, entry.RowId);
        await session.CommitAsync();
    }

    /// <summary>Forgets what is older than <paramref name="age"/>.</summary>
    public async Task<int> PruneAsync(TimeSpan age)
    {
        await using var session = await Session.BeginAsync(_database, _actor, default);
        var count = await session.ExecuteAsync("DELETE FROM journal WHERE written_at < @limit", ("limit", DateTime.UtcNow - age));
        await session.CommitAsync();
        return count;
    }

    private static JournalEntry Read(System.Data.Common.DbDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt64(4));
}
