using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Our own sessions on a server: a small pool on the administrative database, and single sessions elsewhere. The administrative
/// database is always <c>postgres</c>, because advisory locks are visible only within one database.</summary>
internal sealed class PostgreSqlAdmin : ServerAdmin
{
    public const string AdminDatabase = "postgres";

    private const string Product = "PostgreSQL";
    private const string OptionsVariable = "PGOPTIONS";
    private const string TimezoneVariable = "PGTZ";

    // Settings of a role or a database must not disturb administration, and functions in a public schema must not be called by it.
    private const string Prologue =
        "SET search_path = pg_catalog; SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET client_min_messages = warning";

    private readonly NpgsqlConnectionStringBuilder _given;

    private PostgreSqlAdmin(NpgsqlConnectionStringBuilder given)
        : base(PoolOf(given)) => _given = given;

    public string Host => _given.Host!;

    public int Port => _given.Port;

    public string? Username => _given.Username;

    /// <summary>The variables that set something in the sessions of a connection string without it.</summary>
    public static ImmutableArray<string> SessionVariables { get; } =
        [.. new[] { OptionsVariable, TimezoneVariable }.Select(name => $"{name} {Environment.GetEnvironmentVariable(name)}")];

    public string? Password => _given.Password;

    /// <summary>What scripts, commands and hooks find set in their sessions by the connection string, or by the variables that take its
    /// place.</summary>
    public ImmutableArray<string> SessionSettings =>
    [
        $"search_path {_given.SearchPath}",
        $"options {_given.Options ?? Environment.GetEnvironmentVariable(OptionsVariable)}",
        $"timezone {_given.Timezone ?? Environment.GetEnvironmentVariable(TimezoneVariable)}",
    ];

    /// <exception cref="ConcurrentTestException">The string cannot be read, or names no server or several.</exception>
    public static PostgreSqlAdmin Create(string connectionString)
    {
        var given = ServerSessions.Parse(
            connectionString, text => new NpgsqlConnectionStringBuilder(text), Product, "Host=…;Port=…;Username=…;Password=…");
        if (string.IsNullOrWhiteSpace(given.Host) || given.Host.Contains(','))
            throw ServerSessions.Wrong(Product, "has to name one server (Host=…)");
        return new PostgreSqlAdmin(given);
    }

    public static string Quote(string identifier) => "\"" + identifier.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    public static string Literal(string text)
    {
        var quoted = "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";
        return text.Contains('\\') ? "E" + quoted.Replace("\\", "\\\\", StringComparison.Ordinal) : quoted;
    }

    /// <summary>How a test reaches a database of this server: as the user gave it, with another database.</summary>
    public ConnectionValues ConnectionTo(string database, TemplateAccount? account = null)
    {
        var builder = As(account, new NpgsqlConnectionStringBuilder(_given.ConnectionString) { Database = database });
        return new ConnectionValues(
            builder.ConnectionString, database, Host, Port.ToString(CultureInfo.InvariantCulture), builder.Username ?? "",
            builder.Password ?? "");
    }

    /// <summary>Executes statements in one round trip and one transaction.</summary>
    public async Task ExecuteAsync(IReadOnlyCollection<string> statements, CancellationToken cancellationToken)
    {
        if (statements.Count == 0)
            return;
        await using var batch = Pool.CreateBatch();
        batch.Timeout = 0;
        foreach (var statement in statements)
            batch.BatchCommands.Add(new NpgsqlBatchCommand(statement));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>A session of its own, outside the pool, that nothing of ours but its caller uses.</summary>
    public Task<NpgsqlConnection> OpenSessionAsync(string database, CancellationToken cancellationToken, TemplateAccount? account = null) =>
        OpenAsync(As(account, With(_given, database, pooling: false)), cancellationToken);

    /// <summary>A session that holds locks and is told of nothing: where it waits it asks the server each few seconds whether it is still
    /// there. A connection that was lost half-way is noticed by that long before the system's own keepalive would.</summary>
    public Task<NpgsqlConnection> OpenLockSessionAsync(CancellationToken cancellationToken)
    {
        var settings = With(_given, AdminDatabase, pooling: false);
        settings.KeepAlive = 10;
        return OpenAsync(settings, cancellationToken);
    }

    /// <summary>A session that sends a byte for each character and reads a character for each byte, so that a script's own bytes reach the
    /// server unchanged, as from psql, and the script may name their encoding. It begins with UTF-8.</summary>
    public Task<NpgsqlConnection> OpenByteSessionAsync(
        string database, CancellationToken cancellationToken, TemplateAccount? account = null)
    {
        var settings = As(account, With(_given, database, pooling: false));
        (settings.Encoding, settings.ClientEncoding) = ("iso-8859-1", "UTF8");
        return OpenAsync(settings, cancellationToken);
    }

    private static Task<NpgsqlConnection> OpenAsync(NpgsqlConnectionStringBuilder settings, CancellationToken cancellationToken) =>
        ServerSessions.OpenAsync(new NpgsqlConnection(settings.ConnectionString), cancellationToken);

    private static NpgsqlDataSource PoolOf(NpgsqlConnectionStringBuilder given)
    {
        var pooled = new NpgsqlDataSourceBuilder(With(given, AdminDatabase, pooling: true).ConnectionString);
        pooled.UsePhysicalConnectionInitializer(
            connection => Execute(connection, Prologue), connection => connection.ExecuteAsync(Prologue, default));
        return pooled.Build();
    }

    private static NpgsqlConnectionStringBuilder As(TemplateAccount? account, NpgsqlConnectionStringBuilder builder)
    {
        if (account is not null)
            (builder.Username, builder.Password) = (account.Name, account.Password);
        return builder;
    }

    private static NpgsqlConnectionStringBuilder With(
        NpgsqlConnectionStringBuilder given, string database, bool pooling) => new(given.ConnectionString)
        {
            Database = database,
            Pooling = pooling,
            MinPoolSize = 0,
            MaxPoolSize = (2 * Environment.ProcessorCount) + 2,
            ApplicationName = "ConcurrentTest",
            CommandTimeout = 0,
            Multiplexing = false,
            Enlist = false,
            IncludeErrorDetail = false,
            TcpKeepAlive = true,
            // The prologue's settings must survive the pool, and no caller leaves anything behind in a session.
            NoResetOnClose = true,
        };

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
