using System.Reflection;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Throwaway;
using ConcurrentTesting.Safety;
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

    [Fact]
    public async Task A_lease_whose_second_database_is_made_at_the_second_attempt_is_on_one_server()
    {
        Script("CREATE TABLE book (id int);");
        var settings = await ThrowawayAsync("schema.sql") with { Isolation = DatabaseIsolation.Server, Databases = ["main", "audit"] };
        var (run, kind, sources) = (UniqueName(), ServerKind.Of(DatabaseEngine.PostgreSql)!, new TemplateSourceParser(settings).ParseAll());
        var failures = 1;
        await using var engine = new ThrowawayEngine(kind.Name, settings, run, token => kind.FindAsync(settings, token), Connect, kind.Classify, Log, TimeProvider.System);
        await engine.CheckAsync(CancellationToken);
        var templates = await engine.EnsureTemplatesAsync(sources, CancellationToken);

        var main = await engine.CloneAsync(templates[0], "w0-1", CancellationToken);
        await Should.ThrowAsync<TimeoutException>(() => engine.CloneAsync(templates[1], "w0-1", CancellationToken));
        var audit = await engine.CloneAsync(templates[1], "w0-1", CancellationToken);

        audit.Connection.Host.ShouldBe(main.Connection.Host);
        (await engine.ProbeAsync(main, CancellationToken)).ShouldBe(DatabaseState.Own);
        foreach (var clone in new[] { main, audit })
            (await engine.DropAsync(clone, CancellationToken)).ShouldBeTrue();

        IDatabaseEngine Connect(string connectionString)
        {
            var context = new ServerContext(settings, run, IsOurs: true, sources, new Guards(settings, Log), Redactor.Of(settings), Log, TimeProvider.System);
            return BeforeCloning.Do(new ServerEngine(kind.Connect(connectionString, context), context), FailOnce);
        }

        void FailOnce(TemplateDatabase template)
        {
            if (template.Source.Database == "audit" && failures-- > 0)
                throw new TimeoutException();
        }
    }

    private async Task<ConcurrentTestSettings> ThrowawayAsync(params string[] template) => await SettingsAsync(template) with { ConnectionString = null };
}

/// <summary>An engine before whose clones something happens.</summary>
public class BeforeCloning : DispatchProxy
{
    private IDatabaseEngine? _engine;
    private Action<TemplateDatabase>? _happens;

    internal static IDatabaseEngine Do(IDatabaseEngine engine, Action<TemplateDatabase> happens)
    {
        var proxy = Create<IDatabaseEngine, BeforeCloning>();
        ((BeforeCloning)proxy)._engine = engine;
        ((BeforeCloning)proxy)._happens = happens;
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name == nameof(IDatabaseEngine.CloneAsync))
            _happens!((TemplateDatabase)args![0]!);
        return targetMethod.Invoke(_engine, args);
    }
}
