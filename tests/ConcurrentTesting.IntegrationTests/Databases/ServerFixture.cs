using System.Data.Common;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using Shouldly;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What the contracts of servers have in common: a server, whichever it is, and an administrator's eye on it.</summary>
public abstract class ServerFixture(DatabaseServers servers) : DatabaseFixture(servers)
{
    protected const string Book = "CREATE TABLE book (id int);";

    internal abstract IServerEye Server { get; }

    internal async Task<ConcurrentTestSettings> SettingsAsync(params string[] template) =>
        Settings(Server.Engine, await Server.ConnectionStringAsync(), template) with { ServerBinaries = Server.Binaries };

    /// <summary>A run whose template's file is another one by the time that the template is built, and a run with the first file again.</summary>
    internal async Task RequireThatAChangedTemplateServesOneRunAsync(ConcurrentTestSettings settings)
    {
        Script(Book);
        settings = settings with { TemplateHook = new TemplateHook("1", (_, _) => Task.CompletedTask) };
        var edits = 0;
        var edited = settings with
        {
            TemplateHook = new TemplateHook("1", (_, _) =>
            {
                if (edits++ == 0)
                    Script($"{Book} CREATE TABLE loan (id int);");
                return Task.CompletedTask;
            }),
        };
        await using (var first = await PreparedAsync(edited))
        {
            first.Record!.TemplateHit.ShouldBe(false);
            (await CountAsync(await first.LeaseAsync(0, CancellationToken))).ShouldBe(0L);
        }

        Script(Book);
        await using (var second = await PreparedAsync(settings))
            second.Record!.TemplateHit.ShouldBe(false);
        await using var third = await PreparedAsync(settings);
        third.Record!.TemplateHit.ShouldBe(true);
    }

    internal Task<object?> AdminAsync(string sql) => QueryInAsync(Server.AdminDatabase, sql);

    internal async Task<bool> ExistsAsync(string database) => await AdminAsync($"SELECT 1 FROM ({Server.Databases}) d WHERE d.name = '{database}'") is not null;

    internal Task<object?> CountOfRunAsync(string run)
    {
        var prefix = $"ct_r_{OwnDatabaseName.RunToken(run)}_";
        return AdminAsync($"SELECT COUNT(*) FROM ({Server.Databases}) d WHERE LEFT(d.name, {prefix.Length}) = '{prefix}'");
    }

    internal Task<object?> CountAsync(DatabaseLease lease) => QueryAsync(lease, "SELECT COUNT(*) FROM book");

    internal async Task<object?> QueryAsync(DatabaseLease lease, string sql)
    {
        await using var connection = await OpenAsync(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"]);
        return await ScalarAsync(connection, sql);
    }

    internal async Task<object?> QueryInAsync(string database, string sql)
    {
        await using var connection = await OpenInAsync(database);
        return await ScalarAsync(connection, sql);
    }

    internal async Task<DbConnection> OpenInAsync(string database) => await OpenAsync($"{await Server.ConnectionStringAsync()};Database={database}");

    internal async Task<DbConnection> OpenAsync(string connectionString)
    {
        var connection = Server.Connect(connectionString + ";Pooling=False");
        await connection.OpenAsync(CancellationToken);
        return connection;
    }

    internal static async Task<object?> ScalarAsync(DbConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync(CancellationToken);
    }
}
