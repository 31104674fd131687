using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Safety;
using Npgsql.Replication;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

public sealed class ServerGuardTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
    [Fact]
    public async Task A_standby_is_refused_and_after_its_override_for_what_else_it_is()
    {
        await using var standby = await Servers.StartPostgreSqlAsync(
            ["-c", "wal_level=replica", "-c", "max_wal_senders=10", "-c", "archive_mode=on", "-c", "archive_command=/bin/true"], "standby.signal");
        var settings = await SettingsAsync() with { ConnectionString = standby.ConnectionString };

        (await RefusedAsync(settings)).ShouldContain("is in recovery (a standby); use a server for tests, or allow it with --test-allow standby-server");
        (await RefusedAsync(settings with { Allow = ["standby-server"] })).ShouldContain("archives its log (archive_mode)");
        var allowed = Create(settings with { Allow = ["standby-server", "Archiving-Server"] });
        await using (allowed)
            await allowed.CheckAsync(CancellationToken);
        allowed.Record!.Overrides.Length.ShouldBe(2);
        allowed.Record.Overrides[0].ShouldStartWith("standby-server: ");
        Log.Text.ShouldContain("Allowed by --test-allow standby-server");
    }

    [Fact]
    public async Task A_server_that_others_replicate_from_is_refused()
    {
        await using var primary = await Servers.StartPostgreSqlAsync(["-c", "wal_level=replica", "-c", "max_wal_senders=2"]);
        await using var replica = new PhysicalReplicationConnection(primary.ConnectionString);
        await replica.Open(CancellationToken);

        (await RefusedAsync(await SettingsAsync() with { ConnectionString = primary.ConnectionString })).ShouldContain("has 1 replica;");
    }

    [Fact]
    public async Task A_server_elsewhere_is_refused_before_it_is_spoken_to()
    {
        // An address that is reserved for documentation: nobody is there.
        var settings = await SettingsAsync() with { ConnectionString = "Host=198.51.100.1;Username=app;Password=hidden-secret", MaxRetries = 0 };

        var message = await RefusedAsync(settings);

        message.ShouldBe("refused: the database server 198.51.100.1 is neither this machine nor a container beside it; "
            + "name it with --test-allowed-hosts 198.51.100.1, or allow it with --test-allow remote-server");
    }

    [Fact]
    public async Task A_listed_host_is_spoken_to()
    {
        var settings = await SettingsAsync() with { ConnectionString = "Host=198.51.100.1;Username=app;Password=hidden-secret;Timeout=1", MaxRetries = 0, AllowedHosts = ["198.51.100.*"] };
        await using var databases = Create(settings);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        failure.Message.ShouldStartWith("checking the database server failed: ");
        failure.ToString().ShouldNotContain("hidden-secret");
    }

    [Fact]
    public async Task A_missing_right_to_create_databases_is_named_with_its_remedy()
    {
        var role = await RoleAsync("LOGIN");

        (await RefusedAsync(await SettingsAsync(role, Script("SELECT 1;")))).ShouldBe(
            $"the right to create (and drop) databases is missing: ALTER ROLE \"{role}\" CREATEDB");
    }

    [Fact]
    public async Task A_missing_right_to_connect_is_named_with_its_remedy()
    {
        await using var server = await Servers.StartPostgreSqlAsync([]);
        await QueryAsync(server.ConnectionString + ";Database=template1;Pooling=False", "CREATE ROLE app LOGIN CREATEDB");
        await QueryAsync(server.ConnectionString + ";Database=template1;Pooling=False", "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC");

        (await RefusedAsync(await SettingsAsync() with { ConnectionString = server.ConnectionString + ";Username=app" })).ShouldBe(
            "the right CONNECT is missing: GRANT CONNECT ON DATABASE postgres TO \"app\"");
    }

    [Fact]
    public async Task A_missing_right_to_copy_the_source_is_named_with_its_remedy()
    {
        var (role, source) = (await RoleAsync("LOGIN CREATEDB"), UniqueName());
        await AdminAsync($"CREATE DATABASE {source}");

        (await RefusedAsync(await SettingsAsync(role, $"db:{source}"))).ShouldBe(
            $"the right to copy the database '{source}' is missing: ALTER DATABASE \"{source}\" IS_TEMPLATE true, or GRANT \"postgres\" TO \"{role}\"");
    }

    [Fact]
    public async Task A_database_of_another_owner_is_copied_with_the_right_that_was_asked_for()
    {
        var (role, source) = (await RoleAsync("LOGIN CREATEDB"), UniqueName());
        await AdminAsync($"CREATE DATABASE {source}");
        await AdminAsync($"ALTER DATABASE {source} SET work_mem TO '5MB'");
        // Only a superuser may set it.
        await AdminAsync($"ALTER DATABASE {source} SET session_replication_role TO 'replica'");
        await AdminAsync($"REVOKE TEMPORARY ON DATABASE {source} FROM PUBLIC");
        await AdminAsync($"ALTER DATABASE {source} IS_TEMPLATE true");
        await using var databases = await PreparedAsync(await SettingsAsync(role, $"db:{source}"));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "SELECT current_setting('work_mem') || pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"))
            .ShouldBe("5MB" + role);
        Log.Text.ShouldContain("The setting session_replication_role of the copied database does not apply");
        await AdminAsync($"ALTER DATABASE {source} IS_TEMPLATE false");
    }

    [Fact]
    public async Task A_database_with_a_prepared_transaction_is_dropped()
    {
        await using var server = await Servers.StartPostgreSqlAsync(["-c", "max_prepared_transactions=5"]);
        await using var databases = await PreparedAsync(await SettingsAsync(Script("CREATE TABLE book (id int);")) with { ConnectionString = server.ConnectionString });
        var lease = await databases.LeaseAsync(0, CancellationToken);
        await QueryAsync(lease, "BEGIN; INSERT INTO book VALUES (1); PREPARE TRANSACTION 'it''s left'");

        await databases.ReleaseAsync(lease, CancellationToken);

        databases.Record!.Counts.GetValueOrDefault("leaked").ShouldBe(0);
        (await QueryAsync(server.ConnectionString + ";Pooling=False", $"SELECT count(*) FROM pg_database WHERE datname = '{lease.Database}'")).ShouldBe(0L);
    }

    [Fact]
    public async Task The_rights_that_are_asked_for_are_enough()
    {
        var role = await RoleAsync("LOGIN CREATEDB");
        await using var databases = await PreparedAsync(await SettingsAsync(role, Script("CREATE TABLE book (id int);")));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        (await QueryAsync(lease, "SELECT current_user::text || (SELECT count(*) FROM book)")).ShouldBe(role + "0");
        await databases.ReleaseAsync(lease, CancellationToken);
        (await ExistsAsync(lease.Database!)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_user_who_may_not_log_in_is_a_bad_setting()
    {
        await using var databases = Create(await SettingsAsync(await RoleAsync("NOLOGIN"), Script("SELECT 1;")));

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain("is not permitted to log in");
    }

    [Fact]
    public async Task A_script_that_reaches_beyond_its_database_is_refused_with_file_and_line_before_anything_exists()
    {
        Script("CREATE TABLE book (id int);\n\ndrop /* all */ database postgres;", "db/1.sql");

        (await RefusedAsync(await SettingsAsync("db"))).ShouldBe(
            "refused: db/1.sql:3: DROP DATABASE reaches beyond the template's own database; leave it out, or allow it with --test-allow reaching-sql");
    }

    [Theory]
    [InlineData("Host=localhost;Nonsense=secret-value", "cannot be read")]
    [InlineData("postgres://app:secret-value@localhost/db", "is a URI")]
    [InlineData("Username=app;Password=secret-value", "has to name one server")]
    [InlineData("Host=one,two;Password=secret-value", "has to name one server")]
    public async Task A_connection_string_that_is_none_is_a_bad_setting_and_not_repeated(string connectionString, string why)
    {
        var settings = await SettingsAsync() with { ConnectionString = connectionString };

        var failure = Should.Throw<ConcurrentTestException>(() => Create(settings));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain(why);
        failure.ToString().ShouldNotContain("secret-value");
    }

    private async Task<string> RoleAsync(string attributes)
    {
        var role = UniqueName();
        await AdminAsync($"CREATE ROLE {role} {attributes}");
        return role;
    }

    private async Task<string> RefusedAsync(ConcurrentTestSettings settings)
    {
        await using var databases = Create(settings);
        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));
        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Refused, failure.Message);
        return failure.Message;
    }

    [Fact]
    public async Task A_server_with_much_of_others_on_it_is_asked_about_and_used()
    {
        var settings = await SettingsAsync();
        var guards = new Guards(settings, Log);
        await using var admin = PostgreSqlAdmin.Create(settings.ConnectionString!);

        await new PostgreSqlCheck(admin, settings, [], guards, suspectBytes: 1 << 20).RunAsync(CancellationToken);

        Log.Text.ShouldMatch(@"holds \d+ MiB in databases of others: is it a server for tests\?");
    }
}
