using System.Data.Common;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace Lending;

/// <summary>Where the library keeps its data. The environment names it; without a word from there it is a SQLite file that all share.</summary>
public sealed class LendingDatabase
{
    public const string Variable = "ConnectionStrings__Default";

    private readonly DbProviderFactory _provider;

    public LendingDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Kind = Recognise(connectionString);
        _provider = Kind switch
        {
            DatabaseKind.PostgreSql => NpgsqlFactory.Instance,
            DatabaseKind.MySql => MySqlConnectorFactory.Instance,
            _ => SqliteFactory.Instance,
        };
    }

    public string ConnectionString { get; }

    public DatabaseKind Kind { get; }

    public static LendingDatabase FromEnvironment() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } connectionString
            ? new LendingDatabase(connectionString)
            : SharedFile.Open();

    /// <summary>The engine, told by the keywords of its connection string.</summary>
    /// <exception cref="ArgumentException">No engine is known that uses such keywords.</exception>
    public static DatabaseKind Recognise(string connectionString)
    {
        var keywords = new DbConnectionStringBuilder { ConnectionString = connectionString };
        if (keywords.ContainsKey("Data Source") || keywords.ContainsKey("Filename"))
            return DatabaseKind.Sqlite;
        if (keywords.ContainsKey("Host"))
            return DatabaseKind.PostgreSql;
        if (keywords.ContainsKey("Server"))
            return DatabaseKind.MySql;
        throw new ArgumentException("The connection string has none of Data Source, Filename (SQLite), Host (PostgreSQL), Server (MySQL).");
    }

    public async Task<DbConnection> OpenAsync(CancellationToken cancellation = default)
    {
        var connection = _provider.CreateConnection()!;
        connection.ConnectionString = ConnectionString;
        try
        {
            await connection.OpenAsync(cancellation);
            if (Kind == DatabaseKind.Sqlite)
                await PrepareSqliteAsync(connection, cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Creates tables and seed rows in an empty database from <c>schema/&lt;engine&gt;/*.sql</c>, in the order of their names.</summary>
    public async Task CreateSchemaAsync(CancellationToken cancellation = default)
    {
        await using var connection = await OpenAsync(cancellation);
        foreach (var file in SchemaFiles(Kind))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = await File.ReadAllTextAsync(file, cancellation);
            await command.ExecuteNonQueryAsync(cancellation);
        }
    }

    public static IReadOnlyList<string> SchemaFiles(DatabaseKind kind)
    {
        var home = Path.GetDirectoryName(typeof(LendingDatabase).Assembly.Location)!;
        var engine = kind switch
        {
            DatabaseKind.PostgreSql => "postgresql",
            DatabaseKind.MySql => "mysql",
            _ => "sqlite",
        };
        return [.. Directory.GetFiles(Path.Combine(home, "schema", engine), "*.sql").Order(StringComparer.Ordinal)];
    }

    private static async Task PrepareSqliteAsync(DbConnection connection, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;";
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
