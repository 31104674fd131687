using System.Data.Common;
using System.Globalization;

namespace Lending;

/// <summary>One transaction of the application. Whatever it inserts, updates or deletes is entered in the journal under the actor's name.</summary>
internal sealed class Session : IAsyncDisposable
{
    private readonly DbConnection _connection;
    private readonly DbTransaction _transaction;
    private readonly DatabaseKind _kind;
    private readonly string _actor;

    private Session(DbConnection connection, DbTransaction transaction, DatabaseKind kind, string actor)
    {
        _connection = connection;
        _transaction = transaction;
        _kind = kind;
        _actor = actor;
    }

    public static async Task<Session> BeginAsync(LendingDatabase database, string actor, CancellationToken cancellation)
    {
        var connection = await database.OpenAsync(cancellation);
        try
        {
            return new Session(connection, await connection.BeginTransactionAsync(cancellation), database.Kind, actor);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Holds a row until the end of the transaction, so that what is read after it stays true. SQLite holds the whole file anyway.</summary>
    public async Task LockAsync(string relation, string column, object value)
    {
        if (_kind != DatabaseKind.Sqlite)
            await NumberAsync($"SELECT 1 FROM {relation} WHERE {column} = @value FOR UPDATE", ("value", value));
    }

    public async Task<List<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<T>();
        while (await reader.ReadAsync())
            rows.Add(read(reader));
        return rows;
    }

    public async Task<T?> FirstAsync<T>(string sql, Func<DbDataReader, T> read, params (string Name, object? Value)[] parameters)
        where T : class =>
        (await QueryAsync(sql, read, parameters)).FirstOrDefault();

    public async Task<long> NumberAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        var value = await command.ExecuteScalarAsync();
        return value is null or DBNull ? 0 : Convert.ToInt64(value, CultureInfo.InvariantCulture);
    }

    public async Task<long> InsertAsync(string relation, params (string Name, object? Value)[] row)
    {
        var id = await InsertUnjournaledAsync(relation, row);
        await JournalAsync(relation, "insert", id);
        return id;
    }

    public async Task UpdateAsync(string relation, long id, params (string Name, object? Value)[] changes)
    {
        var assignments = string.Join(", ", changes.Select(change => $"{change.Name} = @{change.Name}"));
        await ExecuteAsync($"UPDATE {relation} SET {assignments} WHERE id = @id", [.. changes, ("id", id)]);
        await JournalAsync(relation, "update", id);
    }

    public async Task DeleteAsync(string relation, long id)
    {
        await ExecuteAsync($"DELETE FROM {relation} WHERE id = @id", ("id", id));
        await JournalAsync(relation, "delete", id);
    }

    public async Task<int> ExecuteAsync(string sql, params (string Name, object? Value)[] parameters)
    {
        await using var command = Command(sql, parameters);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>For rows that are about the application's work rather than part of it.</summary>
    public async Task<long> InsertUnjournaledAsync(string relation, params (string Name, object? Value)[] row)
    {
        var columns = string.Join(", ", row.Select(column => column.Name));
        var values = string.Join(", ", row.Select(column => "@" + column.Name));
        var insert = $"INSERT INTO {relation} ({columns}) VALUES ({values})";
        return await NumberAsync(_kind == DatabaseKind.MySql ? insert + "; SELECT LAST_INSERT_ID()" : insert + " RETURNING id", row);
    }

    public Task CommitAsync(CancellationToken cancellation = default) => _transaction.CommitAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private Task JournalAsync(string relation, string operation, long id) => InsertUnjournaledAsync(
        "journal", ("actor", _actor), ("relation", relation), ("operation", operation), ("row_id", id), ("written_at", DateTime.UtcNow));

    private DbCommand Command(string sql, (string Name, object? Value)[] parameters)
    {
        var command = _connection.CreateCommand();
        command.Transaction = _transaction;
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.ParameterName = "@" + name;
            parameter.Value = value ?? DBNull.Value;
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
