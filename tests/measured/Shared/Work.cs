using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace Measured;

/// <summary>Does a known amount of work on the database that the environment names.</summary>
internal static class Work
{
    private static readonly string Driver = Environment.GetEnvironmentVariable("MEASURED_DRIVER") ?? "sqlite";

    private static readonly string ConnectionString =
        Environment.GetEnvironmentVariable("MEASURED_CONNECTION_STRING") ?? "Data Source=measured-without-runner.db";

    public static bool IsWanted(string trouble) => Environment.GetEnvironmentVariable($"MEASURED_{trouble}") == "1";

    public static void CrashIfWanted(string trouble)
    {
        if (IsWanted(trouble))
            Environment.FailFast("wanted");
    }

    public static DbConnection Connection() => Driver switch
    {
        "postgresql" => new NpgsqlConnection(ConnectionString),
        "mysql" => new MySqlConnection(ConnectionString),
        _ => new SqliteConnection(ConnectionString),
    };

    public static async Task DoAsync(int reads, int writes = 0, int others = 0)
    {
        await using var connection = Connection();
        await connection.OpenAsync();
        for (var index = 0; index < reads; index++)
            await ReadAsync(connection);
        for (var index = 0; index < writes; index++)
            await ExecuteAsync(connection, "INSERT INTO note (text) VALUES ('; DELETE FROM note; --')");
        for (var index = 0; index < others; index++)
            await ExecuteAsync(connection, "CREATE TABLE IF NOT EXISTS note (text varchar(200))");
    }

    public static void Do(int reads, int writes = 0, int others = 0) => DoAsync(reads, writes, others).GetAwaiter().GetResult();

    public static async Task ReadAsync(DbConnection connection)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "/* UPDATE */ SELECT 1 -- DELETE";
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            await Task.Yield();
    }

    public static async Task ExecuteAsync(DbConnection connection, string text)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = text;
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>One read that takes long.</summary>
    public static async Task SlowReadAsync()
    {
        await using var connection = Connection();
        await connection.OpenAsync();
        await ExecuteAsync(connection, Driver switch
        {
            "postgresql" => "SELECT pg_sleep(0.05)",
            "mysql" => "SELECT SLEEP(0.05)",
            _ => "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000000) SELECT count(*) FROM n",
        });
    }

    /// <summary>Two reads and a write in one command.</summary>
    public static async Task BatchAsync()
    {
        await using var connection = Connection();
        await connection.OpenAsync();
        await ExecuteAsync(connection, "SELECT 1; INSERT INTO note (text) VALUES (';'); SELECT 2;");
    }

    /// <summary>One write whose first word is not a writing one, where the engine has such.</summary>
    public static async Task CommonTableWriteAsync()
    {
        await using var connection = Connection();
        await connection.OpenAsync();
        await ExecuteAsync(connection, Driver == "mysql"
            ? "INSERT INTO note (text) WITH given (text) AS (SELECT 'x') SELECT text FROM given"
            : "WITH given (text) AS (SELECT 'x') INSERT INTO note (text) SELECT text FROM given");
    }

    /// <summary>One write in a transaction: what begins and ends it counts as others where the driver shows it.</summary>
    public static async Task TransactionAsync()
    {
        await using var connection = Connection();
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "INSERT INTO note (text) VALUES ('in a transaction')";
        await command.ExecuteNonQueryAsync();
        await transaction.CommitAsync();
    }

    public static async Task OnTaskRunAsync(int reads)
    {
        for (var index = 0; index < reads; index++)
            await Task.Run(() => DoAsync(1));
    }

    public static Task InParallelAsync(int reads) =>
        Parallel.ForEachAsync(Enumerable.Range(0, reads), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (_, _) => await DoAsync(1));

    public static async Task OnTimerAsync(int reads)
    {
        var left = reads;
        var done = new TaskCompletionSource();
        await using var timer = new Timer(_ =>
        {
            // Each tick once, also when they overlap.
            var now = Interlocked.Decrement(ref left);
            if (now >= 0)
                Do(1);
            if (now == 0)
                done.TrySetResult();
        });
        timer.Change(1, 1);
        await done.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    public static void OnThread(int reads)
    {
        var thread = new Thread(() => Do(reads));
        thread.Start();
        thread.Join();
    }

    /// <summary>Where no context of the test flows to.</summary>
    public static void OnDetachedThread(int reads)
    {
        Thread thread;
        using (ExecutionContext.SuppressFlow())
        {
            thread = new Thread(() => Do(reads));
            thread.Start();
        }

        thread.Join();
    }

    /// <summary>As a server within the process works for its clients: ASP.NET's TestServer begins each request so.</summary>
    public static Task OnServerAsync(int reads, int writes = 0)
    {
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        ThreadPool.UnsafeQueueUserWorkItem(_ => Serve(), null);
        return served.Task;

        async void Serve()
        {
            try
            {
                await DoAsync(reads, writes);
                served.SetResult();
            }
            catch (Exception exception)
            {
                served.SetException(exception);
            }
        }
    }

    public static async Task<string?> ActivityWhileReadingAsync()
    {
        await using var connection = Connection();
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT 1";
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        return System.Diagnostics.Activity.Current?.OperationName;
    }

    /// <summary>As many short tests as the benchmark asks for, one otherwise.</summary>
    public static IEnumerable<int> BenchmarkRows => Enumerable.Range(0, int.TryParse(Environment.GetEnvironmentVariable("MEASURED_BENCHMARK"), CultureInfo.InvariantCulture, out var rows) ? rows : 1);

    public static IEnumerable<int> ManyRows => Enumerable.Range(0, 200);

    public static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
