using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Our own sessions on a server: a small pool without a database, and single sessions elsewhere.</summary>
internal sealed class MySqlAdmin : ServerAdmin
{
    private const string Product = "MySQL";

    // Settings that the server has for its users must not disturb administration. MariaDB and MySQL name a statement's limit differently.
    // A DROP behind an open transaction would wait for its lock a day.
    private const string Prologue =
        "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0, unique_checks = 0, autocommit = 1, time_zone = '+00:00', "
        + "lock_wait_timeout = 2, innodb_lock_wait_timeout = 2, wait_timeout = 2147483, net_write_timeout = 600, net_read_timeout = 600, ";

    private const string OnMariaDb = "max_statement_time = 0, check_constraint_checks = 0";
    private const string OnMySql = "max_execution_time = 0, information_schema_stats_expiry = 0";

    private readonly MySqlConnectionStringBuilder _given;

    private MySqlAdmin(MySqlConnectionStringBuilder given)
        : base(PoolOf(given)) => _given = given;

    /// <summary>A name, an address, or the path of a socket.</summary>
    public string Host => _given.Server;

    public uint Port => _given.Port;

    public string Username => _given.UserID;

    /// <exception cref="ConcurrentTestException">The string cannot be read, or names no server or several.</exception>
    public static MySqlAdmin Create(string connectionString)
    {
        var given = ServerSessions.Parse(
            connectionString, text => new MySqlConnectionStringBuilder(text), Product, "Server=…;Port=…;User ID=…;Password=…");
        if (string.IsNullOrWhiteSpace(given.Server) || given.Server.Contains(','))
            throw ServerSessions.Wrong(Product, "has to name one server (Server=…)");
        return new MySqlAdmin(given);
    }

    public static string Quote(string identifier) => "`" + identifier.Replace("`", "``", StringComparison.Ordinal) + "`";

    /// <summary>Quotes a text for a session whose sql_mode is ours, where a backslash escapes.</summary>
    public static string Literal(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>How a test reaches a database of this server: as the user gave it, with another database.</summary>
    public ConnectionValues ConnectionTo(string database, TemplateAccount? account = null)
    {
        var builder = As(account, new MySqlConnectionStringBuilder(_given.ConnectionString) { Database = database });
        return new ConnectionValues(
            builder.ConnectionString, database, Host, Port.ToString(CultureInfo.InvariantCulture), builder.UserID, builder.Password);
    }

    /// <summary>How long ago the server was started.</summary>
    public async Task<TimeSpan> ReadUptimeAsync(CancellationToken cancellationToken) => (await QueryAsync(
        "SHOW GLOBAL STATUS LIKE 'Uptime'",
        row => TimeSpan.FromSeconds(long.Parse(row.GetString(1), CultureInfo.InvariantCulture)),
        cancellationToken))[0];

    public async Task<MySqlConnection> RentAsync(CancellationToken cancellationToken) =>
        (MySqlConnection)await Pool.OpenConnectionAsync(cancellationToken);

    /// <summary>A session of its own, outside the pool, that nothing of ours but its caller uses; set up like the pool's.</summary>
    public Task<MySqlConnection> OpenSessionAsync(string database, CancellationToken cancellationToken) =>
        OpenAsync(database, null, cancellationToken, connection => PrepareAsync(connection, cancellationToken));

    /// <summary>A session of its own with the server's settings for everybody, as a test's or a script's.</summary>
    public Task<MySqlConnection> OpenPlainSessionAsync(
        string database, CancellationToken cancellationToken, TemplateAccount? account = null) =>
        OpenAsync(database, account, cancellationToken);

    private static MySqlDataSource PoolOf(MySqlConnectionStringBuilder given)
    {
        var pooled = new MySqlDataSourceBuilder(With(given, "", pooling: true).ConnectionString);
        pooled.UseConnectionOpenedCallback((context, token) => new ValueTask(PrepareAsync(context.Connection, token)));
        return pooled.Build();
    }

    private Task<MySqlConnection> OpenAsync(
        string database, TemplateAccount? account, CancellationToken cancellationToken, Func<MySqlConnection, Task>? prepare = null) =>
        ServerSessions.OpenAsync(
            new MySqlConnection(As(account, With(_given, database, pooling: false)).ConnectionString), cancellationToken, prepare);

    private static Task<int> PrepareAsync(MySqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(Prologue + (IsMariaDb(connection) ? OnMariaDb : OnMySql), cancellationToken);

    private static bool IsMariaDb(MySqlConnection connection) =>
        connection.ServerVersion.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);

    private static MySqlConnectionStringBuilder As(TemplateAccount? account, MySqlConnectionStringBuilder builder)
    {
        if (account is not null)
            (builder.UserID, builder.Password) = (account.Name, account.Password);
        return builder;
    }

    private static MySqlConnectionStringBuilder With(
        MySqlConnectionStringBuilder given, string database, bool pooling) => new(given.ConnectionString)
        {
            Database = database,
            Pooling = pooling,
            MinimumPoolSize = 0,
            MaximumPoolSize = (uint)((MySqlCopy.Lanes * Math.Max(2, Environment.ProcessorCount)) + 4),
            ApplicationName = "ConcurrentTest",
            DefaultCommandTimeout = 0,
            AutoEnlist = false,
            AllowUserVariables = true,
            AllowZeroDateTime = true,
            TreatTinyAsBoolean = false,
            CharacterSet = "utf8mb4",
            Keepalive = 10,
            // The prologue's settings must survive the pool, and no caller leaves anything behind in a session.
            ConnectionReset = false,
        };
}
