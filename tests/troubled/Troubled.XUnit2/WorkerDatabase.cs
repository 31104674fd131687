using System.Data.Common;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace Troubled;

/// <summary>The worker's own database, if it has one: a table <c>visits</c> is all that is in it.</summary>
public static class WorkerDatabase
{
    private static readonly string? ConnectionString = Environment.GetEnvironmentVariable("CONCURRENT_TEST_CONNECTION_STRING");

    public static async Task VisitAsync(string visitor)
    {
        if (string.IsNullOrEmpty(ConnectionString))
            return;
        await using var connection = Create(ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = $"INSERT INTO visits (visitor) VALUES ('{visitor}')";
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Whoever was there.</summary>
    public static async Task<IReadOnlyList<string>> VisitorsAsync()
    {
        if (string.IsNullOrEmpty(ConnectionString))
            return [];
        await using var connection = Create(ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT visitor FROM visits";
        var visitors = new List<string>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            visitors.Add(reader.GetString(0));
        return visitors;
    }

    /// <summary>A server does not notice, while a statement runs, that nobody waits for it any more.</summary>
    public static async Task LockForEverAsync()
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "BEGIN; LOCK TABLE visits; SELECT pg_sleep(3600)";
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }

    // By the words that each driver begins with.
    private static DbConnection Create(string connectionString) => connectionString.Split('=')[0] switch
    {
        "Host" => new NpgsqlConnection(connectionString),
        "Server" => new MySqlConnection(connectionString),
        _ => new SqliteConnection(connectionString),
    };
}
