using System.Data.Common;
using System.Net.Sockets;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Server;
using Npgsql;

namespace ConcurrentTesting.IntegrationTests.Databases;

internal sealed class PostgreSqlEye(DatabaseServers servers) : IServerEye
{
    public DatabaseEngine Engine => DatabaseEngine.PostgreSql;

    public string? Binaries => DatabaseServers.PostgreSqlBinaries;

    public string AdminDatabase => "postgres";

    public string Databases => "SELECT datname::text AS name FROM pg_database";

    public string Migration => "psql -X -q -h \"$APP_HOST\" -p \"$APP_PORT\" -U \"$APP_USER\" -d \"$CONCURRENT_TEST_DATABASE\" -c 'CREATE TABLE book (id int)'";

    public Task<string> ConnectionStringAsync() => servers.PostgreSqlAsync();

    public DbConnection Connect(string connectionString) => new NpgsqlConnection(connectionString);

    public async Task<(Pooler Pooler, string ConnectionString)> PoolAsync()
    {
        var server = new NpgsqlConnectionStringBuilder(await servers.PostgreSqlAsync());
        var pooler = new Pooler(new UnixDomainSocketEndPoint($"{server.Host}/.s.PGSQL.{server.Port}"), Pooler.AlterPostgreSql);
        return (pooler, $"Host=127.0.0.1;Port={pooler.Port};Username={server.Username};SSL Mode=Disable;GSS Encryption Mode=Disable");
    }

    public string Sleep(double seconds) => FormattableString.Invariant($"SELECT pg_sleep({seconds})");

    public string BuildingBy(string statement) =>
        $@"SELECT datname::text FROM pg_stat_activity WHERE datname LIKE 'ct\_t\_%' AND state = 'active' AND query LIKE '%{statement}%' LIMIT 1";

    public string Inside(string database) => $"SELECT pid FROM pg_stat_activity WHERE datname = '{database}'";

    public string Holder(LockName name) =>
        $"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = {unchecked((uint)PostgreSqlLockSession.Key.Of(name).Number)}::bigint::text::oid";

    public string End(object session) => $"SELECT pg_terminate_backend({session})";

    public string Unseal(string template) => $"ALTER DATABASE {template} WITH ALLOW_CONNECTIONS true IS_TEMPLATE false";

    public string Age(string template, int year) => $"COMMENT ON DATABASE {template} IS 'ConcurrentTest template, last used {year}-01-01 00:00:00Z'";

    // A database has an identity here.
    public string IsLaterThan(string clone) => "SELECT 1";

    public string DataFolder => "SHOW data_directory";

    public (string Query, string Answer) Private => ("SHOW listen_addresses", "");

    public string Programs => "postgres and initdb";
}
