using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Safety;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

[Collection("PostgreSQL")]
public sealed class PostgreSqlDatabasesTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
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
    public async Task A_failing_statement_is_named_with_file_line_number_and_message()
    {
        Script("CREATE TABLE book (id int);\n\nINSERT INTO book\nSELECT 1 FROM shelf;", "db/1.sql");
        var settings = await SettingsAsync("db");
        await using var databases = Create(settings);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldBe("db/1.sql:3: statement 2 (INSERT INTO book) failed at line 4: relation \"shelf\" does not exist (42P01)");
        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
    }

    [Theory]
    [InlineData("LOGIN CREATEDB CREATEROLE")]
    [InlineData("LOGIN CREATEDB")]
    public async Task A_template_that_failed_half_way_is_gone(string rights)
    {
        // By accounts of its own, so that what others build on the server is not counted.
        var (role, run) = (UniqueName(), UniqueName());
        var builder = OwnDatabaseName.OfRun(run, "b").ToString();
        await AdminAsync($"CREATE ROLE {role} {rights}");
        Script("CREATE TABLE book (id int); SELECT 1 / 0;");
        await using var databases = Create(await SettingsAsync(role, "schema.sql"), run);
        (await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken))).Message.ShouldContain("division by zero");

        (await AdminAsync($"SELECT count(*) FROM pg_database WHERE pg_get_userbyid(datdba) IN ('{role}', '{builder}')")).ShouldBe(0L);
        (await AdminAsync($"SELECT count(*) FROM pg_roles WHERE rolname = '{builder}'")).ShouldBe(0L);
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
    [InlineData("Search Path=app", "(SELECT schemaname FROM pg_tables WHERE tablename = 'book')", "app")]
    [InlineData("Options=-c search_path=app", "(SELECT schemaname FROM pg_tables WHERE tablename = 'book')", "app")]
    [InlineData("Timezone=Pacific/Kiritimati", "(SELECT zone FROM app.zone)", "Pacific/Kiritimati")]
    public async Task What_the_connection_string_sets_makes_another_template(string setting, string question, string answer)
    {
        Script("CREATE SCHEMA app; CREATE TABLE book (id int); CREATE TABLE app.zone AS SELECT current_setting('TimeZone') AS zone;");
        var settings = await SettingsAsync("schema.sql");
        await using (var first = await PreparedAsync(settings))
            (await QueryAsync(await first.LeaseAsync(0, CancellationToken), $"SELECT {question}::text")).ShouldNotBe(answer);

        await using var second = await PreparedAsync(settings with { ConnectionString = $"{settings.ConnectionString};{setting}" });

        second.Record!.TemplateHit.ShouldBe(false);
        (await QueryAsync(await second.LeaseAsync(0, CancellationToken), $"SELECT {question}::text")).ShouldBe(answer);
    }

    [Fact]
    public async Task A_database_setting_that_the_role_overrides_is_warned_of()
    {
        var role = UniqueName();
        await AdminAsync($"CREATE ROLE {role} LOGIN CREATEDB");
        await AdminAsync($"ALTER ROLE {role} SET statement_timeout = '5s'");
        Script("CREATE TABLE book (id int);");
        var settings = await SettingsAsync(role, "schema.sql") with { DatabaseSettings = ["Statement_Timeout=30s", "lock_timeout=1s"] };
        await using var databases = await PreparedAsync(settings);

        (await QueryAsync(await databases.LeaseAsync(0, CancellationToken), "SHOW statement_timeout")).ShouldBe("5s");
        Log.Text.ShouldContain($"ALTER ROLE \"{role}\" RESET statement_timeout");
        Log.Text.ShouldNotContain("RESET lock_timeout");
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
    public async Task What_cannot_be_dropped_is_named_and_swept_by_a_later_run()
    {
        Script("CREATE TABLE book (id int);");
        string leaked;
        await using (var databases = await PreparedAsync(await SettingsAsync("schema.sql")))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            leaked = lease.Database!;
            // A template is not dropped, and no force helps.
            await AdminAsync($"ALTER DATABASE \"{lease.Database}\" IS_TEMPLATE true");

            await databases.ReleaseAsync(lease, CancellationToken);

            databases.Record!.Counts["leaked"].ShouldBe(1);
            Log.Text.ShouldContain($"{lease.Database} could not be dropped");
        }

        await AdminAsync($"ALTER DATABASE \"{leaked}\" IS_TEMPLATE false");
        await using var later = await PreparedAsync(await SettingsAsync("schema.sql"));

        (await ExistsAsync(leaked)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_template_whose_drop_was_interrupted_is_built_again()
    {
        Script("CREATE TABLE book (id int);");
        string name;
        await using (var first = await PreparedAsync(await SettingsAsync("schema.sql")))
            name = first.Record!.Template!;
        await AdminAsync($"UPDATE pg_database SET datconnlimit = -2, datistemplate = false WHERE datname = '{name}'");

        await using var second = await PreparedAsync(await SettingsAsync("schema.sql"));

        second.Record!.TemplateHit.ShouldBe(false);
        await second.LeaseAsync(0, CancellationToken);
    }

    [Fact]
    public async Task A_template_that_resists_its_eviction_is_not_in_the_way_of_a_run_that_has_its_own()
    {
        Script("CREATE TABLE book (id int);");
        var others = Enumerable.Range(0, 11).Select(_ => OwnDatabaseName.OfTemplate($"{UniqueName()}0123456789abcdef", "main").ToString()).ToArray();
        foreach (var other in others)
            await AdminAsync($"CREATE DATABASE {other} TEMPLATE template0");
        foreach (var other in others.Skip(1))
            await AdminAsync($"COMMENT ON DATABASE {other} IS 'ConcurrentTest template, last used 2100-01-01 00:00:00Z'");
        await using (var session = await OpenAsync(others[0]))
        await using (var command = new NpgsqlCommand("BEGIN; CREATE TABLE book (id int); PREPARE TRANSACTION 'resists'", session))
            await command.ExecuteNonQueryAsync(CancellationToken);
        foreach (var other in others)
            await AdminAsync($"ALTER DATABASE {other} ALLOW_CONNECTIONS false IS_TEMPLATE true");

        try
        {
            var settings = await SettingsAsync("schema.sql");
            var (kind, sources) = (ServerKind.Of(DatabaseEngine.PostgreSql)!, new TemplateSourceParser(settings).ParseAll());
            var context = new ServerContext(settings, UniqueName(), IsOurs: false, sources, new Guards(settings, Log), Redactor.Of(settings), Log, TimeProvider.System);
            var dialect = kind.Connect(settings.ConnectionString!, context);
            await using var engine = new ServerEngine(dialect, context, new OwnDatabases(dialect, context.Secrets, Log) { TemplateDropLimit = TimeSpan.FromSeconds(1) });
            await engine.CheckAsync(CancellationToken);

            (await engine.EnsureTemplatesAsync(sources, CancellationToken)).ShouldHaveSingleItem();

            Log.Text.ShouldContain($"The template {others[0]} could not be evicted");
            (await ExistsAsync(others[0])).ShouldBeTrue();
        }
        finally
        {
            await AdminAsync($"ALTER DATABASE {others[0]} ALLOW_CONNECTIONS true");
            await using (var session = await OpenAsync(others[0]))
            await using (var command = new NpgsqlCommand("ROLLBACK PREPARED 'resists'", session))
                await command.ExecuteNonQueryAsync(CancellationToken);
            foreach (var other in others)
            {
                await AdminAsync($"ALTER DATABASE {other} IS_TEMPLATE false");
                await AdminAsync($"DROP DATABASE {other}");
            }
        }
    }

    [Fact]
    public async Task A_session_that_may_be_seen_and_not_ended_does_not_stop_the_others_from_being_ended()
    {
        var (database, role) = ($"ct_{UniqueName()}", UniqueName());
        await AdminAsync($"CREATE ROLE {role} LOGIN");
        await AdminAsync($"GRANT pg_read_all_stats TO {role}");
        await AdminAsync($"CREATE DATABASE {database} OWNER {role}");
        await using var foreign = await OpenAsync(database);
        await using var own = new NpgsqlConnection($"{await Servers.PostgreSqlAsync()};Username={role};Database={database};Pooling=False");
        await own.OpenAsync(CancellationToken);
        await using (var admin = PostgreSqlAdmin.Create($"{await Servers.PostgreSqlAsync()};Username={role}"))
        {
            (await new PostgreSqlSessions(admin).EndAsync(database, CancellationToken)).ShouldBe(1);
        }

        await using (var command = new NpgsqlCommand("SELECT 1", foreign))
            (await command.ExecuteScalarAsync(CancellationToken)).ShouldBe(1);
        await AdminAsync($"DROP DATABASE {database} WITH (FORCE)");
        await AdminAsync($"DROP ROLE {role}");
    }

    [Fact]
    public async Task A_list_of_schemas_as_a_database_setting_is_a_list()
    {
        Script("CREATE SCHEMA app; CREATE TABLE app.book (id int);");
        var settings = await SettingsAsync("schema.sql") with { DatabaseSettings = ["search_path=app,public"] };
        await using var databases = await PreparedAsync(settings);

        (await QueryAsync(await databases.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book")).ShouldBe(0L);
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
        await Eventually.BeAsync(() => Log.Text.Contains("cannot be copied while a session is inside it", StringComparison.Ordinal), "the session is named", CancellationToken);
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
    public async Task A_database_of_ours_that_somebody_renamed_stays()
    {
        var (dead, renamed) = (OwnDatabaseName.OfRun(UniqueName(), "main_w0_1").ToString(), UniqueName());
        await AdminAsync($"CREATE DATABASE {dead}");
        await AdminAsync($"ALTER DATABASE {dead} RENAME TO {dead}_renamed");

        await using (await PreparedAsync(await SettingsAsync()))
            (await ExistsAsync($"{dead}_renamed")).ShouldBeTrue();

        await AdminAsync($"DROP DATABASE {dead}_renamed");
    }
}
