using System.Globalization;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What holds of databases on every kind of server, against a real one that is "somebody's": templates, clones, leases and locks.</summary>
public abstract partial class ServerContract(DatabaseServers servers) : ServerFixture(servers)
{
    [Fact]
    public async Task Each_worker_has_a_copy_of_its_own()
    {
        Script($"{Book} INSERT INTO book VALUES (1);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));

        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => databases.LeaseAsync(worker, CancellationToken)));

        leases.Select(lease => lease.Database).Distinct().Count().ShouldBe(8);
        await QueryAsync(leases[0], "INSERT INTO book VALUES (2)");
        (await CountAsync(leases[0])).ShouldBe(2L);
        (await CountAsync(leases[1])).ShouldBe(1L);
        databases.Record!.CloneTimes.Length.ShouldBe(8);
        databases.Record.Counts["health_checks_ok"].ShouldBe(8);
    }

    [Fact]
    public async Task A_connection_pooler_is_refused()
    {
        var (pooler, connectionString) = await Server.PoolAsync();
        await using var _ = pooler;
        await using var databases = Create(await SettingsAsync() with { ConnectionString = connectionString });

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Refused, failure.Message);
        failure.Message.ShouldStartWith($"127.0.0.1:{pooler.Port} is a connection pooler, which cannot hold a run's locks");
    }

    [Fact]
    public async Task A_run_whose_id_a_living_one_has_ends_before_it_makes_anything()
    {
        var run = UniqueName();
        Script(Book);
        await using var living = await PreparedAsync(await SettingsAsync("schema.sql"), run);
        var lease = await living.LeaseAsync(0, CancellationToken);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(PreparedAsync(await SettingsAsync("schema.sql"), run));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        failure.Message.ShouldStartWith($"a run with the id {run} is already under way at ");
        (await CountOfRunAsync(run)).ShouldBe(1L);
        (await CountAsync(lease)).ShouldBe(0L);
    }

    [Fact]
    public async Task A_second_run_finds_the_template()
    {
        Script(Book);
        await using (var first = await PreparedAsync(await SettingsAsync("schema.sql")))
            first.Record!.TemplateHit.ShouldBe(false);

        await using var second = await PreparedAsync(await SettingsAsync("schema.sql"));

        second.Record!.TemplateHit.ShouldBe(true);
        (await CountAsync(await second.LeaseAsync(0, CancellationToken))).ShouldBe(0L);
    }

    [Fact]
    public async Task A_template_whose_files_change_while_it_is_built_serves_this_run_only() =>
        await RequireThatAChangedTemplateServesOneRunAsync(await SettingsAsync("schema.sql"));

    [Fact]
    public async Task Of_runs_that_start_together_one_builds_and_the_others_wait()
    {
        Script($"{Book} {Server.Sleep(0.3)};");
        var settings = await SettingsAsync("schema.sql");

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PreparedAsync(settings)));

        runs.Count(run => run.Record!.TemplateHit == false).ShouldBe(1);
        runs.Select(run => run.Record!.Template).Distinct().Count().ShouldBe(1);
        foreach (var run in runs)
            await run.DisposeAsync();
    }

    [Fact]
    public async Task A_half_built_template_is_built_again()
    {
        Script(Book);
        string name;
        await using (var first = await PreparedAsync(await SettingsAsync("schema.sql")))
            name = first.Record!.Template!;
        await AdminAsync(Server.Unseal(name));
        await QueryInAsync(name, "DROP TABLE book");

        await using var second = await PreparedAsync(await SettingsAsync("schema.sql"));

        second.Record!.TemplateHit.ShouldBe(false);
        (await CountAsync(await second.LeaseAsync(0, CancellationToken))).ShouldBe(0L);
    }

    [Fact]
    public async Task A_template_whose_sessions_are_ended_while_it_is_built_is_built_again()
    {
        var script = Script($"{Book} {Server.Sleep(1)};");
        var building = PreparedAsync(await SettingsAsync(script));
        var name = await BuildingAsync(Server.Sleep(1));

        await EndAsync(Server.Holder(LockName.OfTemplate(name)));
        await EndAsync(Server.Inside(name));

        await using var databases = await building;
        databases.Record!.TemplateHit.ShouldBe(false);
        (await CountAsync(await databases.LeaseAsync(0, CancellationToken))).ShouldBe(0L);
        await using var second = await PreparedAsync(await SettingsAsync(script));
        second.Record!.TemplateHit.ShouldBe(true);
    }

    [Fact]
    public async Task A_builder_whose_lock_was_lost_leaves_alone_what_another_builds_under_the_same_name()
    {
        var settings = await SettingsAsync(Script($"{Book} {Server.Sleep(2)};"));
        var first = PreparedAsync(settings);
        var name = await BuildingAsync(Server.Sleep(2));
        await EndAsync(Server.Holder(LockName.OfTemplate(name)));

        // Without a try to spare, so that it fails if anybody drops what it builds.
        await using var second = await PreparedAsync(settings with { MaxRetries = 0 });

        second.Record!.TemplateHit.ShouldBe(false);
        (await CountAsync(await second.LeaseAsync(0, CancellationToken))).ShouldBe(0L);
        await using var waited = await first;
        waited.Record!.TemplateHit.ShouldBe(true);
    }

    [Fact]
    public async Task A_session_for_locks_that_was_ended_is_opened_again_with_what_it_shared()
    {
        Script(Book);
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));
        await using var dialect = await ConnectAsync();
        var (shared, alone) = (LockName.OfTemplate(databases.Record!.Template!), LockName.OfTemplate(UniqueName()));
        await using var locks = new ServerLocks(dialect, TimeProvider.System);
        (await locks.TryShareAsync(shared, CancellationToken)).ShouldBeTrue();
        (await locks.TryAsync(alone, CancellationToken)).ShouldBeTrue();
        (await locks.HoldsAsync(alone, CancellationToken)).ShouldBeTrue();
        await EndAsync(Server.Holder(alone));

        (await locks.HoldsAsync(alone, CancellationToken)).ShouldBeFalse();
        (await locks.TryAsync(LockName.OfRun(UniqueName()), CancellationToken)).ShouldBeFalse("nobody can tell which runs live");
        (await locks.TryAsync(alone, CancellationToken)).ShouldBeTrue();
        (await locks.HoldsAsync(alone, CancellationToken)).ShouldBeTrue();
        (await locks.TryAsync(LockName.OfRun(UniqueName()), CancellationToken)).ShouldBeFalse("nor can they now");

        await using var others = new ServerLocks(dialect, TimeProvider.System);
        (await others.TryAsync(shared, CancellationToken)).ShouldBeFalse();
        (await others.TryAsync(alone, CancellationToken)).ShouldBeFalse();
        await locks.ReleaseAsync(alone, CancellationToken);
        (await others.TryAsync(alone, CancellationToken)).ShouldBeTrue();
    }

    [Fact]
    public async Task Without_the_cache_the_template_goes_with_the_run()
    {
        Script(Book);
        string name;
        await using (var databases = await PreparedAsync(await SettingsAsync("schema.sql") with { TemplateCache = false }))
        {
            name = databases.Record!.Template!;
            (await ExistsAsync(name)).ShouldBeTrue();
        }

        (await ExistsAsync(name)).ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_of_a_run_is_left_but_its_template()
    {
        Script(Book);
        var run = UniqueName();
        await using (var databases = await PreparedAsync(await SettingsAsync("schema.sql"), run))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            await databases.LeaseAsync(1, CancellationToken);
            await databases.ReleaseAsync(lease, CancellationToken);
            (await ExistsAsync(lease.Database!)).ShouldBeFalse();
        }

        (await CountOfRunAsync(run)).ShouldBe(0L);
    }

    [Fact]
    public async Task A_command_builds_the_template_with_the_connection_string_from_its_environment()
    {
        Folder.Write("migrate.sh", $"# schema for this test alone\n{Server.Migration}\n");
        var settings = await SettingsAsync($"cmd:sh {Folder.Path}/migrate.sh") with
        {
            Environment = [new("APP_HOST", "{Host}"), new("APP_PORT", "{Port}"), new("APP_USER", "{Username}"), new("APP_PASSWORD", "{Password}")],
        };
        await using var databases = await PreparedAsync(settings);

        (await CountAsync(await databases.LeaseAsync(0, CancellationToken))).ShouldBe(0L);
    }

    [Fact]
    public async Task A_command_that_builds_nothing_in_its_database_is_an_error()
    {
        await using var databases = Create(await SettingsAsync($"cmd:true {Folder.Path}"));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldContain("ended well but made nothing in its database");
    }

    [Fact]
    public async Task A_database_is_dropped_although_tests_left_sessions_and_transactions_in_it()
    {
        Script(Book);
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));
        var lease = await databases.LeaseAsync(0, CancellationToken);
        await using var left = await OpenInAsync(lease.Database!);
        await ScalarAsync(left, "START TRANSACTION; INSERT INTO book VALUES (1)");

        await databases.ReleaseAsync(lease, CancellationToken);

        (await ExistsAsync(lease.Database!)).ShouldBeFalse();
        databases.Record!.DropTimes.ShouldHaveSingleItem().ShouldBeLessThan(OwnDatabases.DropLimit);
    }

    [Fact]
    public async Task What_a_worker_will_be_told_is_known_once_the_server_was_checked_and_nothing_is_made_for_it()
    {
        Script(Book);
        await using var databases = Create(await SettingsAsync("schema.sql") with { Workers = 2 });
        databases.Foresee(1).ShouldBeNull();

        await databases.CheckAsync(CancellationToken);
        var foreseen = databases.Foresee(1)!;
        (await ExistsAsync(foreseen["CONCURRENT_TEST_DATABASE"])).ShouldBeFalse();
        await databases.PrepareAsync(CancellationToken);
        (await ExistsAsync(foreseen["CONCURRENT_TEST_DATABASE"])).ShouldBeFalse();

        (await databases.LeaseAsync(1, CancellationToken)).Environment.ShouldBe(foreseen, ignoreOrder: true);
    }

    [Fact]
    public async Task A_renewed_lease_is_a_fresh_database_under_a_new_name()
    {
        Script(Book);
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql") with { Reset = DatabaseReset.Batch, Workers = 2 });
        var lease = await databases.LeaseAsync(0, CancellationToken);
        await QueryAsync(lease, "INSERT INTO book VALUES (1)");

        var renewed = await databases.RenewAsync(lease, CancellationToken);

        renewed.Database.ShouldNotBe(lease.Database);
        (await CountAsync(renewed)).ShouldBe(0L);
    }

    [Fact]
    public async Task A_database_in_which_a_test_failed_is_kept_with_its_data_and_survives_sweeps()
    {
        Script(Book);
        var settings = await SettingsAsync("schema.sql") with { KeepFailed = true };
        string kept;
        await using (var databases = await PreparedAsync(settings))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            await QueryAsync(lease, "INSERT INTO book VALUES (42)");
            // A test process that is still about to end.
            await using var lingering = await OpenInAsync(lease.Database!);

            var fresh = await databases.KeepAsync(lease, "BookTests.Fails", CancellationToken);

            (await CountAsync(fresh)).ShouldBe(0L);
            databases.Record!.Kept.ShouldHaveSingleItem().Test.ShouldBe("BookTests.Fails");
            kept = databases.Record.Kept[0].Name;
            databases.Record.Kept[0].How.ShouldEndWith(kept);
            Log.Text.ShouldContain(kept);
            (await ExistsAsync(lease.Database!)).ShouldBeFalse();
        }

        await using (await PreparedAsync(settings))
            (await QueryInAsync(kept, "SELECT id FROM book")).ShouldBe(42);
    }

    [Fact]
    public async Task A_run_whose_protecting_connection_is_ended_takes_hold_again()
    {
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync(), run);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var holder = Server.Holder(LockName.OfRun(OwnDatabaseName.RunToken(run)));
        var ended = await AdminAsync(holder);

        await AdminAsync(Server.End(ended!));

        await Eventually.BeAsync(async () => await AdminAsync(holder) is { } session and not DBNull && !session.Equals(ended), "another session holds the run's lock", CancellationToken);
        databases.Lost.IsCancellationRequested.ShouldBeFalse();
        (await ExistsAsync(lease.Database!)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_run_whose_databases_were_swept_while_it_held_nothing_is_lost()
    {
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync(), run);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var lost = new TaskCompletionSource();
        await using var registration = databases.Lost.Register(lost.SetResult);

        await AdminAsync($"DROP DATABASE {lease.Database}");
        await EndAsync(Server.Holder(LockName.OfRun(OwnDatabaseName.RunToken(run))));

        await lost.Task.WaitAsync(TimeSpan.FromSeconds(10), CancellationToken);
    }

    [Fact]
    public async Task A_database_that_tests_drop_and_make_themselves_is_lived_with_and_the_wasted_template_is_told_once()
    {
        Script($"{Book} CREATE TABLE shelf (id int); INSERT INTO book VALUES (1);");
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql") with { HealthCheckInterval = TimeSpan.FromMilliseconds(50), KeepFailed = true }, run);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var (second, last) = (await databases.LeaseAsync(1, CancellationToken), await databases.LeaseAsync(2, CancellationToken));
        await Eventually.BeAsync(
            async () => Convert.ToInt64(await AdminAsync(Server.IsLaterThan(last.Database!)), CultureInfo.InvariantCulture) == 1, "what is made now is younger", CancellationToken);

        // EF Core's EnsureDeleted, and later EnsureCreated, on a connection to another database.
        await AdminAsync($"DROP DATABASE {lease.Database}");
        await Eventually.BeAsync(() => databases.IsDroppedByTests(lease), "the health check has seen it", CancellationToken);
        databases.IsHealthy(lease).ShouldBeTrue();
        await AdminAsync($"CREATE DATABASE {lease.Database}");
        await QueryAsync(lease, "CREATE TABLE loan (id int); INSERT INTO loan VALUES (7), (8)");
        await Eventually.BeAsync(() => !databases.IsDroppedByTests(lease), "the health check has seen the other", CancellationToken);

        // The run takes hold again after its connection was ended, and misses nothing that tests have dropped.
        await AdminAsync($"DROP DATABASE {last.Database}");
        await Eventually.BeAsync(() => databases.IsDroppedByTests(last), "the health check has seen it", CancellationToken);
        await EndAsync(Server.Holder(LockName.OfRun(OwnDatabaseName.RunToken(run))));
        await Eventually.BeAsync(() => Log.Text.Contains("it is being restored", StringComparison.Ordinal), "the run takes hold again", CancellationToken);

        var renewed = await databases.KeepAsync(last, "LoanTests.Fails", CancellationToken);
        databases.Record!.Kept.ShouldBeEmpty();
        await databases.KeepAsync(lease, "BookTests.Fails", CancellationToken);
        (await QueryInAsync(databases.Record.Kept[0].Name, "SELECT COUNT(*) FROM loan")).ShouldBe(2L);
        await databases.ReleaseAsync(second, CancellationToken);
        await databases.ReleaseAsync(renewed, CancellationToken);

        databases.Lost.IsCancellationRequested.ShouldBeFalse();
        var statistics = databases.Record.Statistics.Single(statistics => statistics.Worker == 0);
        (statistics.RowsInserted ?? statistics.RowsChanged).ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(2L);
        databases.Record.Counts.GetValueOrDefault("leaked").ShouldBe(0);
        databases.Record.Counts.GetValueOrDefault("health_checks_failed").ShouldBe(0);
        Log.Text.Split("they do not use what the template has").Length.ShouldBe(2);
        Log.Text.ShouldContain("The database of the failed test LoanTests.Fails");
    }

    private async Task<IServerDialect> ConnectAsync()
    {
        var settings = await SettingsAsync();
        var context = new ServerContext(settings, UniqueName(), IsOurs: false, [], new Guards(settings, Log), Redactor.Of(settings), Log, TimeProvider.System);
        return ServerKind.Of(Server.Engine)!.Connect(settings.ConnectionString!, context);
    }

    private async Task<string> BuildingAsync(string statement)
    {
        object? template = null;
        await Eventually.BeAsync(async () => (template = await AdminAsync(Server.BuildingBy(statement))) is string, "the template is being built", CancellationToken);
        return (string)template!;
    }

    /// <summary>Ends the sessions that a query names.</summary>
    private async Task EndAsync(string sessions)
    {
        var found = new List<object>();
        await using var connection = await OpenInAsync(Server.AdminDatabase);
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = sessions;
            await using var reader = await command.ExecuteReaderAsync(CancellationToken);
            while (await reader.ReadAsync(CancellationToken))
            {
                if (!reader.IsDBNull(0))
                    found.Add(reader.GetValue(0));
            }
        }

        found.ShouldNotBeEmpty(sessions);
        foreach (var session in found)
            await ScalarAsync(connection, Server.End(session));
    }
}

[Collection("PostgreSQL")]
public sealed class PostgreSqlContractTests(DatabaseServers servers) : ServerContract(servers)
{
    internal override IServerEye Server { get; } = new PostgreSqlEye(servers);
}

[Collection("MySQL")]
public sealed class MySqlContractTests(DatabaseServers servers) : ServerContract(servers)
{
    internal override IServerEye Server { get; } = new MySqlEye(servers);
}
