using System.Data.Common;
using System.Net;
using System.Net.Sockets;
using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.Server;
using MySqlConnector;

namespace ConcurrentTesting.IntegrationTests.Databases;

internal sealed class MySqlEye(DatabaseServers servers) : IServerEye
{
    public DatabaseEngine Engine => DatabaseEngine.MySql;

    public string? Binaries => DatabaseServers.MySqlBinaries;

    public string AdminDatabase => "";

    public string Databases => "SELECT schema_name AS name FROM information_schema.schemata";

    public string Migration =>
        "MYSQL_PWD=\"$APP_PASSWORD\" mariadb --no-defaults -h \"$APP_HOST\" -P \"$APP_PORT\" -u \"$APP_USER\" \"$CONCURRENT_TEST_DATABASE\" -e 'CREATE TABLE book (id int)'";

    public Task<string> ConnectionStringAsync() => servers.MySqlAsync();

    public DbConnection Connect(string connectionString) => new MySqlConnection(connectionString + ";AllowUserVariables=True");

    public async Task<(Pooler Pooler, string ConnectionString)> PoolAsync()
    {
        var server = new MySqlConnectionStringBuilder(await servers.MySqlAsync());
        var pooler = new Pooler(new DnsEndPoint(server.Server, (int)server.Port, AddressFamily.InterNetwork), Pooler.AlterMySql);
        return (pooler, new MySqlConnectionStringBuilder(server.ConnectionString) { Server = "127.0.0.1", Port = (uint)pooler.Port, SslMode = MySqlSslMode.Disabled }.ConnectionString);
    }

    public string Sleep(double seconds) => FormattableString.Invariant($"SELECT SLEEP({seconds})");

    public string BuildingBy(string statement) =>
        $@"SELECT db FROM information_schema.processlist WHERE db LIKE 'ct\_t\_%' AND info LIKE '%{statement}%' LIMIT 1";

    public string Inside(string database) => $"SELECT id FROM information_schema.processlist WHERE db = '{database}'";

    public string Holder(LockName name) => $"SELECT IS_USED_LOCK('{MySqlLockSession.NameOf(name)}')";

    public string End(object session) => $"KILL {session}";

    public string Unseal(string template) => $"DROP TABLE {template}.concurrent_test_template";

    public string Age(string template, int year) => $"UPDATE {template}.concurrent_test_template SET value = '{year}-01-01 00:00:00Z' WHERE kind = 'complete'";

    public string IsLaterThan(string clone) =>
        $"SELECT CAST(NOW() > (SELECT MAX(create_time) FROM information_schema.tables WHERE table_schema = '{clone}') AS SIGNED)";

    public string DataFolder => "SELECT @@datadir";

    public (string Query, string Answer) Private => ("SELECT CONCAT_WS(' ', @@bind_address, @@log_bin, @@innodb_flush_log_at_trx_commit)", "127.0.0.1 OFF 0");

    public string Programs => "mariadbd or mysqld";
}
