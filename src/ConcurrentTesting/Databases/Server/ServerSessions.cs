using System.Data.Common;

namespace ConcurrentTesting.Databases.Server;

/// <summary>What our own sessions have in common on every kind of server.</summary>
internal static class ServerSessions
{
    /// <summary>Opens a session and makes it ready; one that cannot be is disposed.</summary>
    public static async Task<T> OpenAsync<T>(T connection, CancellationToken cancellationToken, Func<T, Task>? prepare = null)
        where T : DbConnection
    {
        try
        {
            await connection.OpenAsync(cancellationToken);
            if (prepare is not null)
                await prepare(connection);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <returns>How many rows were changed.</returns>
    public static async Task<int> ExecuteAsync(this DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = Command(connection, sql);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>All rows of all results.</summary>
    /// <param name="parameters">The values of the placeholders (PostgreSQL: <c>$1</c>; MySQL: <c>?</c>) in their order.</param>
    public static async Task<IReadOnlyList<T>> QueryAsync<T>(
        this DbConnection connection, string sql, Func<DbDataReader, T> read, CancellationToken cancellationToken,
        params object[] parameters) =>
        (await connection.QueryAllAsync(sql, (_, row) => read(row), cancellationToken, parameters)).SelectMany(rows => rows).ToList();

    /// <summary>The rows of every result of several statements, sent in one round trip.</summary>
    /// <param name="read">Gets the number of the result too, from 0.</param>
    public static async Task<IReadOnlyList<IReadOnlyList<T>>> QueryAllAsync<T>(
        this DbConnection connection, string sql, Func<int, DbDataReader, T> read, CancellationToken cancellationToken,
        params object[] parameters)
    {
        await using var command = Command(connection, sql);
        foreach (var value in parameters)
        {
            var parameter = command.CreateParameter();
            parameter.Value = value;
            command.Parameters.Add(parameter);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var results = new List<IReadOnlyList<T>>();
        do
        {
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellationToken))
                rows.Add(read(results.Count, reader));
            results.Add(rows);
        }
        while (await reader.NextResultAsync(cancellationToken));
        return results;
    }

    private static DbCommand Command(DbConnection connection, string sql)
    {
        var command = connection.CreateCommand();
        (command.CommandText, command.CommandTimeout) = (sql, 0);
        return command;
    }

    /// <summary>Reads the connection string that the user gave, by the driver's own rules.</summary>
    /// <param name="product">The server's name, as people write it.</param>
    /// <param name="form">How such a string is written.</param>
    /// <exception cref="ConcurrentTestException">It cannot be read.</exception>
    public static T Parse<T>(string connectionString, Func<string, T> read, string product, string form)
        where T : DbConnectionStringBuilder
    {
        try
        {
            return read(connectionString);
        }
        catch (Exception exception) when (exception is ArgumentException
            or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            // The driver's message may quote a part of the string.
            var why = connectionString.Contains("://", StringComparison.Ordinal) ? "is a URI" : "cannot be read";
            throw Wrong(product, $"{why}; write it as {form}");
        }
    }

    public static ConcurrentTestException Wrong(string product, string why) =>
        new(ConcurrentTestExitCode.BadSettings, $"--test-connection-string for {product} {why}");
}
