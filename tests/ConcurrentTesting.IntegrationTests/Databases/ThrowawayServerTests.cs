using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

public sealed class ThrowawayServerTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
    [Fact]
    public async Task One_that_listens_is_reached_by_host_port_and_a_password_that_is_needed()
    {
        Script("CREATE TABLE book (id int);");
        var settings = await ThrowawayAsync("schema.sql") with { ServerListen = ServerListen.Tcp, KeepFailed = true };
        await using var databases = await PreparedAsync(settings);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var connection = new NpgsqlConnectionStringBuilder(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"]);

        (connection.Host, connection.Username).ShouldBe(("127.0.0.1", "postgres"));
        (await QueryAsync(lease, "SELECT count(*) FROM book")).ShouldBe(0L);
        (await QueryAsync(lease, "SHOW listen_addresses")).ShouldBe("127.0.0.1");
        foreach (var wrong in new[] { "", "wrong" })
        {
            var refused = new NpgsqlConnectionStringBuilder(connection.ConnectionString) { Password = wrong, Pooling = false };
            await Should.ThrowAsync<NpgsqlException>(QueryAsync(refused.ConnectionString, "SELECT 1"), wrong);
        }

        Log.Text.ShouldNotContain(connection.Password!);
        ProcessList.Mentioning(connection.Password!).ShouldBeEmpty();
        await databases.KeepAsync(lease, "BookTests.Fails", CancellationToken);
        databases.Record!.Kept[0].How.ShouldMatch(@"psql -h /\S+ -p 5432 -U postgres ct_k_");
    }

    [Fact]
    public async Task A_template_from_an_existing_database_needs_a_server()
    {
        var settings = await ThrowawayAsync("db:orders");

        Should.Throw<ConcurrentTestException>(() => Create(settings)).Message.ShouldContain("needs the server that has this database");
    }

    private async Task<ConcurrentTestSettings> ThrowawayAsync(params string[] template) => await SettingsAsync(template) with { ConnectionString = null };
}
