using System.Collections.Immutable;
using System.Data.Common;
using System.Diagnostics;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.Leases;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Npgsql;

namespace ConcurrentTesting.Benchmarks.Databases;

/// <summary>A folder with a template's script, and runs on a throwaway server that use it.</summary>
internal sealed class Workplace : IDisposable
{
    private readonly DatabaseEngine _engine;
    private int _runs;

    public Workplace(DatabaseEngine engine, string script)
    {
        _engine = engine;
        Folder = Directory.CreateTempSubdirectory("ct-benchmark-").FullName;
        File.WriteAllText(Path.Combine(Folder, "template.sql"), script);
    }

    public string Folder { get; }

    public ConcurrentTestSettings Settings => new()
    {
        Workers = 8,
        Database = _engine,
        Template = [Path.Combine(Folder, "template.sql")],
        RootDirectory = Folder,
        WorkingDirectory = Folder,
        TemporaryDirectory = Path.Combine(Folder, "temporary"),
    };

    public TestDatabases Create(ConcurrentTestSettings settings) =>
        TestDatabases.Create(settings, $"bench{Environment.ProcessId}x{++_runs}", NullLogger.Instance, TimeProvider.System);

    public async Task<TestDatabases> PrepareAsync(ConcurrentTestSettings settings)
    {
        var databases = Create(settings);
        await databases.CheckAsync(default);
        await databases.SweepAsync(default);
        await databases.PrepareAsync(default);
        return databases;
    }

    /// <summary>The files of a leased database.</summary>
    public async Task<string> FilesAsync(DatabaseLease lease) => _engine switch
    {
        DatabaseEngine.Sqlite => lease.Database!,
        DatabaseEngine.PostgreSql => await AskAsync(lease, "SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()"),
        _ => await AskAsync(lease, "SELECT CONCAT(@@datadir, DATABASE())"),
    };

    /// <summary>As a person would copy them, beside the original.</summary>
    public static async Task CopyAsync(string source, string target)
    {
        using var copy = Process.Start("cp", ImmutableArray.Create("-r", source, target));
        await copy.WaitForExitAsync();
    }

    public static void Remove(string path)
    {
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private async Task<string> AskAsync(DatabaseLease lease, string question)
    {
        await using var connection = Open(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"] + ";Pooling=False");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = question;
        return (string)(await command.ExecuteScalarAsync())!;
    }

    private DbConnection Open(string connectionString) => _engine switch
    {
        DatabaseEngine.PostgreSql => new NpgsqlConnection(connectionString),
        DatabaseEngine.MySql => new MySqlConnection(connectionString),
        _ => new SqliteConnection(connectionString),
    };
}
