using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Server;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

[Collection("PostgreSQL")]
public sealed class PostgreSqlDatabasesTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
    [Fact]
    public async Task Each_worker_has_a_copy_of_its_own()
    {
        Script("CREATE TABLE book (id int); INSERT INTO book VALUES (1);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));

        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => databases.LeaseAsync(worker, CancellationToken)));

        leases.Select(lease => lease.Database).Distinct().Count().ShouldBe(8);
        await QueryAsync(leases[0], "INSERT INTO book VALUES (2)");
        (await QueryAsync(leases[0], "SELECT count(*) FROM book")).ShouldBe(2L);
        (await QueryAsync(leases[1], "SELECT count(*) FROM book")).ShouldBe(1L);
        databases.Record!.CloneTimes.Length.ShouldBe(8);
        databases.Record.Counts["health_checks_ok"].ShouldBe(8);
    }

    [Fact]
    public async Task A_lease_tells_the_test_process_how_to_connect()
    {
        var settings = await SettingsAsync() with { Environment = [new("APP_DB", "{Host}|{Port}|{Username}|{Password}|{Database}|{Worker}")] };
        settings = settings with { ConnectionString = settings.ConnectionString + ";Password=pass'word" };
        await using var databases = await PreparedAsync(settings);

        var lease = await databases.LeaseAsync(5, CancellationToken);

        var given = new NpgsqlConnectionStringBuilder(settings.ConnectionString);
        lease.Environment["APP_DB"].ShouldBe($"{given.Host}|5432|postgres|pass'word|{lease.Database}|5");
        new NpgsqlConnectionStringBuilder(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"]).Password.ShouldBe("pass'word");
    }

    [Fact]
    public async Task A_second_run_finds_the_template()
    {
        Script("CREATE TABLE book (id int);");
        await using (var first = await PreparedAsync(await SettingsAsync("schema.sql")))
            first.Record!.TemplateHit.ShouldBe(false);

        await using var second = await PreparedAsync(await SettingsAsync("schema.sql"));

        second.Record!.TemplateHit.ShouldBe(true);
        (await QueryAsync(await second.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book")).ShouldBe(0L);
    }

    [Fact]
    public async Task Of_runs_that_start_together_one_builds_and_the_others_wait()
    {
        Script("CREATE TABLE book (id int); SELECT pg_sleep(0.3);");
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
        Script("CREATE TABLE book (id int);");
        string name;
        await using (var first = await PreparedAsync(await SettingsAsync("schema.sql")))
            name = first.Record!.Template!;
        // What a builder leaves that dies before it seals.
        await AdminAsync($"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true IS_TEMPLATE false");
        await using (var session = await OpenAsync(name))
        await using (var command = new NpgsqlCommand("DROP TABLE book", session))
            await command.ExecuteNonQueryAsync(CancellationToken);

        await using var second = await PreparedAsync(await SettingsAsync("schema.sql"));

        second.Record!.TemplateHit.ShouldBe(false);
        (await QueryAsync(await second.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_template_whose_sessions_are_ended_while_it_is_built_is_built_again()
    {
        var script = Script("CREATE TABLE book (id int); SELECT pg_sleep(1);");
        var building = PreparedAsync(await SettingsAsync(script));
        string? name = null;
        await Eventually.BeAsync(
            async () => (name = await AdminAsync("SELECT datname::text FROM pg_stat_activity WHERE datname LIKE 'ct\\_t\\_%' AND query LIKE '%pg_sleep(1)%'") as string) is not null,
            "the template is being built",
            CancellationToken);
        var key = PostgreSqlLock.Key.OfTemplate(name!);

        await AdminAsync($"""
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE datname = '{name}' OR pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = {unchecked((uint)key.Number)}::bigint::text::oid)
            """);

        await using var databases = await building;
        databases.Record!.TemplateHit.ShouldBe(false);
        (await QueryAsync(await databases.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book")).ShouldBe(0L);
        await using var second = await PreparedAsync(await SettingsAsync(script));
        second.Record!.TemplateHit.ShouldBe(true);
    }

    [Fact]
    public async Task A_session_for_locks_that_was_ended_is_opened_again_with_what_it_shared()
    {
        await using var admin = PostgreSqlAdmin.Create(await Servers.PostgreSqlAsync());
        await using var locks = await PostgreSqlLock.OpenAsync(admin, TimeProvider.System, CancellationToken);
        var (shared, alone) = (PostgreSqlLock.Key.OfTemplate(UniqueName()), PostgreSqlLock.Key.OfTemplate(UniqueName()));
        (await locks.TrySharedAsync(shared, CancellationToken)).ShouldBeTrue();
        (await locks.TryExclusiveAsync(alone, CancellationToken)).ShouldBeTrue();
        await AdminAsync($"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = {unchecked((uint)alone.Number)}::bigint::text::oid");

        var failure = await Should.ThrowAsync<NpgsqlException>(locks.TryExclusiveAsync(alone, CancellationToken));
        var taken = await locks.TryExclusiveAsync(alone, CancellationToken);

        PostgreSqlFaults.Classify(failure).ShouldNotBe(FaultCause.None);
        taken.ShouldBeTrue();
        await using var others = await PostgreSqlLock.OpenAsync(admin, TimeProvider.System, CancellationToken);
        (await others.TryExclusiveAsync(shared, CancellationToken)).ShouldBeFalse();
        await locks.ReleaseSharedAsync(shared, CancellationToken);
        (await others.TryExclusiveAsync(shared, CancellationToken)).ShouldBeTrue();
    }

    [Fact]
    public async Task Without_the_cache_the_template_goes_with_the_run()
    {
        Script("CREATE TABLE book (id int);");
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
        Script("CREATE TABLE book (id int);");
        var run = UniqueName();
        await using (var databases = await PreparedAsync(await SettingsAsync("schema.sql"), run))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            await databases.LeaseAsync(1, CancellationToken);
            await databases.ReleaseAsync(lease, CancellationToken);
            (await ExistsAsync(lease.Database!)).ShouldBeFalse();
        }

        (await AdminAsync($"SELECT count(*) FROM pg_database WHERE datname LIKE '%{run}%'")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_failing_statement_is_named_with_file_line_number_and_message()
    {
        Script("CREATE TABLE book (id int);\n\nINSERT INTO book\nSELECT 1 FROM shelf;", "db/1.sql");
        var settings = await SettingsAsync("db");
        await using var databases = Create(settings);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldBe("db/1.sql:3: statement 2 (INSERT INTO book) failed at line 4: relation \"shelf\" does not exist (42P01)");
        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
    }

    [Fact]
    public async Task A_template_that_failed_half_way_is_gone()
    {
        Script("CREATE TABLE book (id int); SELECT 1 / 0;");
        await using var databases = Create(await SettingsAsync("schema.sql"));
        await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        (await AdminAsync("SELECT count(*) FROM pg_database WHERE datname LIKE 'ct\\_t\\_%' AND datallowconn")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_dump_with_functions_and_rows_is_understood()
    {
        Script("""
            \restrict aBcD
            CREATE TABLE public.book (id int, title text);
            CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql AS $body$ BEGIN RETURN n * 2; END; $body$;
            CREATE FUNCTION thrice(n int) RETURNS int BEGIN ATOMIC SELECT n * 3; END;
            COPY public.book (id, title) FROM stdin;
            1	one; two
            2	\N
            \.
            SELECT pg_catalog.set_config('search_path', '', false);
            \unrestrict aBcD
            """);
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "SELECT concat_ws('/', twice(2), thrice(2), (SELECT count(*) FROM book), (SELECT count(title) FROM book))")).ShouldBe("4/6/2/1");
    }

    [Fact]
    public async Task A_command_builds_the_template_with_the_connection_string_from_its_environment()
    {
        Folder.Write("migrate.sh", """
            # schema for this test alone
            psql -X -q -h "$APP_HOST" -U "$APP_USER" -d "$CONCURRENT_TEST_DATABASE" -c 'CREATE TABLE book (id int)'
            """);
        var settings = await SettingsAsync($"cmd:sh {Folder.Path}/migrate.sh") with { Environment = [new("APP_HOST", "{Host}"), new("APP_USER", "{Username}")] };
        await using var databases = await PreparedAsync(settings);

        (await QueryAsync(await databases.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_command_that_builds_nothing_in_its_database_is_an_error()
    {
        await using var databases = Create(await SettingsAsync("cmd:true"));

        (await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken))).Message.ShouldContain("made nothing in its database");
    }

    [Fact]
    public async Task An_existing_database_is_copied_with_owner_rights_and_settings()
    {
        var (source, owner, reader) = (UniqueName(), UniqueName(), UniqueName());
        await AdminAsync($"CREATE ROLE {owner}");
        await AdminAsync($"CREATE ROLE {reader} LOGIN");
        await AdminAsync($"CREATE DATABASE {source} OWNER {owner}");
        await AdminAsync($"REVOKE ALL ON DATABASE {source} FROM PUBLIC; GRANT CONNECT ON DATABASE {source} TO {reader} WITH GRANT OPTION");
        await AdminAsync($"ALTER DATABASE {source} SET search_path = \"$user\", \"Odd, name\", public; ALTER DATABASE {source} SET app.tenant = 'a''b\\c'");
        await AdminAsync($"ALTER ROLE {reader} IN DATABASE {source} SET work_mem = '5MB'");
        await using var databases = await PreparedAsync(await SettingsAsync($"db:{source}"));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        const string Properties =
            """
            SELECT concat_ws(' | ', pg_get_userbyid(datdba), datacl,
                             (SELECT string_agg(concat_ws(':', setrole::regrole, setconfig), ', ' ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid))
            FROM pg_database d WHERE datname = '
            """;
        var expected = await AdminAsync($"{Properties}{source}'");
        (await AdminAsync($"{Properties}{lease.Database}'")).ShouldBe(expected);
        expected.ShouldBeOfType<string>().ShouldContain("Odd, name");
        databases.Record!.TemplateHit.ShouldBe(false);
    }

    [Fact]
    public async Task Database_settings_hold_in_every_session_of_a_clone()
    {
        Script("CREATE TABLE book (id int);");
        var settings = await SettingsAsync("schema.sql") with { DatabaseSettings = ["statement_timeout=30s", "max_parallel_workers_per_gather=4", "app.name=it's"] };
        await using var databases = await PreparedAsync(settings);

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "SELECT concat_ws('/', current_setting('statement_timeout'), current_setting('max_parallel_workers_per_gather'), current_setting('app.name'))"))
            .ShouldBe("30s/4/it's");
    }

    [Theory]
    [InlineData("statement_timeout=soon", "invalid value for parameter \"statement_timeout\": \"soon\"")]
    [InlineData("no_such_setting=1", "unrecognized configuration parameter \"no_such_setting\"")]
    [InlineData("port=1", "parameter \"port\" cannot be changed without restarting the server")]
    [InlineData("statement_timeout", "write it as name=value")]
    public async Task A_wrong_database_setting_is_named_before_anything_exists(string setting, string why)
    {
        await using var databases = Create(await SettingsAsync() with { DatabaseSettings = [setting] });

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain($"'{setting}'");
        failure.Message.ShouldContain(why);
    }

    [Fact]
    public async Task A_database_is_dropped_although_tests_left_sessions_and_transactions_in_it()
    {
        Script("CREATE TABLE book (id int);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));
        var lease = await databases.LeaseAsync(0, CancellationToken);
        await using var left = await OpenAsync(lease.Database!);
        await using var transaction = await left.BeginTransactionAsync(CancellationToken);

        await databases.ReleaseAsync(lease, CancellationToken);

        (await ExistsAsync(lease.Database!)).ShouldBeFalse();
        databases.Record!.DropTimes.Length.ShouldBe(1);
    }

    [Fact]
    public async Task What_cannot_be_dropped_is_named_and_swept_by_a_later_run()
    {
        Script("CREATE TABLE book (id int);");
        string leaked;
        await using (var databases = await PreparedAsync(await SettingsAsync("schema.sql")))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            leaked = lease.Database!;
            // A prepared transaction keeps a database, and no force ends it.
            await using (var session = await OpenAsync(lease.Database!))
            await using (var command = new NpgsqlCommand("BEGIN; INSERT INTO book VALUES (1); PREPARE TRANSACTION 'left'", session))
                await command.ExecuteNonQueryAsync(CancellationToken);

            await databases.ReleaseAsync(lease, CancellationToken);

            databases.Record!.Counts["leaked"].ShouldBe(1);
            Log.Text.ShouldContain($"{lease.Database} could not be dropped");
        }

        await using (var session = await OpenAsync(leaked))
        await using (var command = new NpgsqlCommand("ROLLBACK PREPARED 'left'", session))
            await command.ExecuteNonQueryAsync(CancellationToken);
        await using var later = await PreparedAsync(await SettingsAsync("schema.sql"));

        (await ExistsAsync(leaked)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_session_inside_the_template_is_named_and_waited_for()
    {
        Script("CREATE TABLE book (id int);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql") with { RetryDelay = TimeSpan.FromMilliseconds(10) });
        var template = databases.Record!.Template!;
        await AdminAsync($"ALTER DATABASE {template} ALLOW_CONNECTIONS true");
        var intruder = await OpenAsync(template);

        var leasing = databases.LeaseAsync(0, CancellationToken);
        while (!Log.Text.Contains("cannot be copied while a session is inside it", StringComparison.Ordinal))
            await Task.Delay(50, CancellationToken);
        await intruder.DisposeAsync();

        (await ExistsAsync((await leasing).Database!)).ShouldBeTrue();
        databases.Record!.Counts["retries_busy"].ShouldBeGreaterThanOrEqualTo(1);
        await AdminAsync($"ALTER DATABASE {template} ALLOW_CONNECTIONS false");
    }

    [Fact]
    public async Task A_clone_that_fails_for_good_leaves_nothing_and_the_others_stay()
    {
        Script("CREATE TABLE book (id int);");
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"), run);
        var first = await databases.LeaseAsync(0, CancellationToken);
        await AdminAsync($"ALTER DATABASE {databases.Record!.Template} RENAME TO {run}_gone");

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.LeaseAsync(1, CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        failure.Message.ShouldContain("does not exist");
        (await AdminAsync($"SELECT count(*) FROM pg_database WHERE datname LIKE 'ct\\_r\\_{run}\\_%'")).ShouldBe(1L);
        (await ExistsAsync(first.Database!)).ShouldBeTrue();
        await AdminAsync($"ALTER DATABASE {run}_gone IS_TEMPLATE false");
        await AdminAsync($"DROP DATABASE {run}_gone");
    }

    [Fact]
    public async Task A_renewed_lease_is_a_fresh_database_under_a_new_name()
    {
        Script("CREATE TABLE book (id int);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));
        var lease = await databases.LeaseAsync(0, CancellationToken);
        await QueryAsync(lease, "INSERT INTO book VALUES (1)");

        var renewed = await databases.RenewAsync(lease, CancellationToken);

        renewed.Database.ShouldNotBe(lease.Database);
        (await QueryAsync(renewed, "SELECT count(*) FROM book")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_run_whose_protecting_connection_is_ended_takes_hold_again()
    {
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync(), run);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var key = PostgreSqlLock.Key.OfRun(OwnDatabaseName.RunToken(run));
        var holder = $"SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = {unchecked((uint)key.Number)}::bigint::text::oid";
        var ended = await AdminAsync(holder);

        await AdminAsync($"SELECT pg_terminate_backend({ended})");

        await Eventually.BeAsync(async () => await AdminAsync(holder) is { } pid && !pid.Equals(ended), "another session holds the run's lock", CancellationToken);
        databases.Lost.IsCancellationRequested.ShouldBeFalse();
        (await ExistsAsync(lease.Database!)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_database_that_tests_drop_and_make_themselves_is_lived_with_and_the_wasted_template_is_told_once()
    {
        Script("CREATE TABLE book (id int); CREATE TABLE shelf (id int); INSERT INTO book VALUES (1);");
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql") with { HealthCheckInterval = TimeSpan.FromMilliseconds(50), KeepFailed = true }, run);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        var (second, last) = (await databases.LeaseAsync(1, CancellationToken), await databases.LeaseAsync(2, CancellationToken));
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
        var key = PostgreSqlLock.Key.OfRun(OwnDatabaseName.RunToken(run));
        await AdminAsync($"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = {unchecked((uint)key.Number)}::bigint::text::oid");
        await Eventually.BeAsync(() => Log.Text.Contains("taking hold of them again", StringComparison.Ordinal), "the run takes hold again", CancellationToken);

        var renewed = await databases.KeepAsync(last, "LoanTests.Fails", CancellationToken);
        databases.Record!.Kept.ShouldBeEmpty();
        await databases.KeepAsync(lease, "BookTests.Fails", CancellationToken);
        (await QueryAsync($"{await Servers.PostgreSqlAsync()};Database={databases.Record.Kept[0].Name};Pooling=False", "SELECT count(*) FROM loan")).ShouldBe(2L);
        await databases.ReleaseAsync(second, CancellationToken);
        await databases.ReleaseAsync(renewed, CancellationToken);

        databases.Lost.IsCancellationRequested.ShouldBeFalse();
        databases.Record.Statistics.Single(statistics => statistics.Worker == 0).RowsInserted.ShouldNotBeNull().ShouldBeGreaterThanOrEqualTo(2L);
        databases.Record.Counts.GetValueOrDefault("leaked").ShouldBe(0);
        databases.Record.Counts.GetValueOrDefault("health_checks_failed").ShouldBe(0);
        Log.Text.Split("what the template has is wasted on them").Length.ShouldBe(2);
        Log.Text.ShouldContain("There is no database to keep of LoanTests.Fails");
    }
}
