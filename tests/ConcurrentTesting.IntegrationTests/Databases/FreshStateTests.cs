using System.Diagnostics;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>Fresh databases between batches, databases that are kept, several databases a worker, and templates that the build makes in C#.</summary>
[Collection("PostgreSQL")]
public sealed class FreshStateTests(DatabaseServers servers) : PostgreSqlFixture(servers)
{
    [Theory]
    [InlineData(DatabaseEngine.PostgreSql)]
    [InlineData(DatabaseEngine.Sqlite)]
    public async Task With_a_reset_a_renewed_lease_is_a_database_that_was_cloned_ahead(DatabaseEngine engine)
    {
        Script("CREATE TABLE book (id int);");
        await using var databases = await PreparedAsync(await SettingsAsync(engine, "schema.sql") with { Reset = DatabaseReset.Batch, Workers = 2 });
        var lease = await databases.LeaseAsync(0, CancellationToken);
        await Eventually.BeAsync(() => databases.Record!.CloneTimes.Length == 2, "a spare is ready", CancellationToken);

        var renewed = await databases.RenewAsync(lease, CancellationToken);

        renewed.Database.ShouldNotBe(lease.Database);
        databases.Record!.Counts["spares_used"].ShouldBe(1);
        renewed.Environment["CONCURRENT_TEST_DATABASE"].ShouldBe(renewed.Database);
    }

    [Fact]
    public async Task Spares_that_nobody_took_go_with_the_run()
    {
        var run = UniqueName();
        await using (var databases = await PreparedAsync(await SettingsAsync() with { Reset = DatabaseReset.Class, Workers = 8 }, run))
        {
            await databases.ReleaseAsync(await databases.LeaseAsync(0, CancellationToken), CancellationToken);
            await Eventually.BeAsync(() => databases.Record!.CloneTimes.Length == 5, "four spares are ready", CancellationToken);
        }

        (await AdminAsync($"SELECT count(*) FROM pg_database WHERE datname LIKE '%{run}%'")).ShouldBe(0L);
    }

    [Fact]
    public async Task A_spare_that_was_lost_meanwhile_is_not_handed_out()
    {
        var run = UniqueName();
        await using var databases = await PreparedAsync(await SettingsAsync() with { Reset = DatabaseReset.Batch, Workers = 2 }, run);
        var lease = await databases.LeaseAsync(0, CancellationToken);
        await Eventually.BeAsync(() => databases.Record!.CloneTimes.Length == 2, "a spare is ready", CancellationToken);
        var spare = (string?)await AdminAsync($"SELECT datname::text FROM pg_database WHERE datname LIKE 'ct\\_r\\_{run}\\_main\\_s\\_%'");
        await AdminAsync($"DROP DATABASE {spare}");

        var renewed = await databases.RenewAsync(lease, CancellationToken);

        renewed.Database.ShouldNotBe(spare);
        (await ExistsAsync(renewed.Database!)).ShouldBeTrue();
    }

    [Fact]
    public async Task An_SQLite_file_in_which_a_test_failed_is_kept_beside_the_templates()
    {
        Script("CREATE TABLE book (id int);");
        string kept;
        await using (var databases = await PreparedAsync(await SettingsAsync(DatabaseEngine.Sqlite, "schema.sql") with { KeepFailed = true }))
        {
            await databases.KeepAsync(await databases.LeaseAsync(0, CancellationToken), "BookTests.Fails", CancellationToken);
            kept = databases.Record!.Kept.ShouldHaveSingleItem().Name;
        }

        File.Exists(kept).ShouldBeTrue();
        kept.ShouldStartWith(Path.Combine(Servers.TemporaryDirectory, "kept"));
    }

    [Fact]
    public async Task A_throwaway_servers_data_is_kept_and_the_printed_command_opens_it()
    {
        Script("CREATE TABLE book (id int);");
        // Where the server's own user gets to, who is not root.
        using var folder = new PublicFolder();
        var settings = await SettingsAsync("schema.sql") with { ConnectionString = null, KeepFailed = true, TemporaryDirectory = folder.Path };
        string how;
        await using (var databases = await PreparedAsync(settings))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            await QueryAsync(lease, "INSERT INTO book VALUES (42)");
            await databases.KeepAsync(lease, "BookTests.Fails", CancellationToken);
            how = databases.Record!.Kept.ShouldHaveSingleItem().How;
        }

        // As a person would, with a pause for the server to come up.
        var command = how.Replace(" & psql", " >/dev/null 2>&1 & for i in $(seq 200); do psql", StringComparison.Ordinal)
            + " -X -A -t -c 'SELECT id FROM book' 2>/dev/null && break; sleep 0.05; done; kill -QUIT $(head -n 1 " + folder.Path + "/kept/*/data/postmaster.pid)";
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", command]) { RedirectStandardOutput = true })!;
        var output = await shell.StandardOutput.ReadToEndAsync(CancellationToken);
        await shell.WaitForExitAsync(CancellationToken);
        output.Trim().ShouldBe("42", how);
        await Eventually.BeAsync(() => ProcessList.Mentioning(folder.Path).Length == 0, "the server ends", CancellationToken);
    }

    [Fact]
    public async Task No_more_than_ten_databases_are_kept_and_it_is_said()
    {
        await using var databases = await PreparedAsync(await SettingsAsync(DatabaseEngine.Sqlite) with { KeepFailed = true });
        var lease = await databases.LeaseAsync(0, CancellationToken);

        for (var failure = 1; failure <= 12; failure++)
            lease = await databases.KeepAsync(lease, $"BookTests.Fails({failure})", CancellationToken);

        databases.Record!.Kept.Length.ShouldBe(10);
        Log.Text.ShouldContain("BookTests.Fails(12) are not kept: the run has kept 10");
    }

    [Theory]
    [InlineData(DatabaseEngine.PostgreSql)]
    [InlineData(DatabaseEngine.Sqlite)]
    public async Task A_worker_has_several_databases_each_with_its_own_template(DatabaseEngine engine)
    {
        Script("CREATE TABLE book (id int);");
        Script("CREATE TABLE entry (id int);", "audit.sql");
        var settings = await SettingsAsync(engine, "schema.sql", "audit=audit.sql") with
        {
            Databases = ["main", "audit"],
            Environment = [new("MAIN_DB", "{ConnectionString}"), new("AUDIT_DB", "{ConnectionString:audit}"), new("AUDIT_NAME", "{Database:audit}")],
        };
        await using var databases = await PreparedAsync(settings);

        var leases = await Task.WhenAll(databases.LeaseAsync(0, CancellationToken), databases.LeaseAsync(1, CancellationToken));

        leases.SelectMany(lease => lease.Clones).Select(clone => clone.Name).Distinct().Count().ShouldBe(4);
        leases[1].Environment["MAIN_DB"].ShouldBe(leases[1].Clones[0].Connection.ConnectionString);
        leases[1].Environment["AUDIT_DB"].ShouldBe(leases[1].Clones[1].Connection.ConnectionString);
        leases[1].Environment["AUDIT_NAME"].ShouldBe(leases[1].Clones[1].Name);
        leases[0].Clones.Select(clone => clone.Template.Source.Database).ShouldBe(["main", "audit"]);
        if (engine == DatabaseEngine.PostgreSql)
        {
            (await QueryAsync(leases[0].Environment["AUDIT_DB"] + ";Pooling=False", "SELECT count(*) FROM entry")).ShouldBe(0L);
            (await QueryAsync(leases[0].Environment["MAIN_DB"] + ";Pooling=False", "SELECT count(*) FROM book")).ShouldBe(0L);
        }
    }

    [Fact]
    public async Task When_the_second_database_of_a_worker_cannot_be_had_the_first_is_dropped_again()
    {
        Script("CREATE TABLE book (id int);");
        Script("CREATE TABLE entry (id int);", "audit.sql");
        var run = UniqueName();
        var settings = await SettingsAsync(DatabaseEngine.PostgreSql, "schema.sql", "audit=audit.sql") with { Databases = ["main", "audit"], TemplateCache = false, MaxRetries = 0 };
        await using var databases = await PreparedAsync(settings, run);
        var audit = databases.Record!.Template!.Split(", ")[1];
        await AdminAsync($"DROP DATABASE {audit}");

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.LeaseAsync(0, CancellationToken));

        failure.Message.ShouldContain(audit);
        (await AdminAsync($"SELECT count(*) FROM pg_database WHERE datname LIKE 'ct\\_r\\_{run}\\_%w0%'")).ShouldBe(0L);
    }

    [Theory]
    [InlineData(DatabaseEngine.PostgreSql)]
    [InlineData(DatabaseEngine.Sqlite)]
    public async Task The_build_makes_a_template_in_CSharp_once_for_each_version(DatabaseEngine engine)
    {
        Script("CREATE TABLE book (id int);");
        var built = new List<string>();
        var settings = await SettingsAsync(engine, "schema.sql");
        ConcurrentTestSettings Version(string version) => settings with { TemplateHook = new(version, Build) };
        Task Build(TemplateHookContext template, CancellationToken token)
        {
            built.Add(template.Database);
            template.ToString().ShouldBe("main");
            return engine == DatabaseEngine.PostgreSql ? QueryAsync(template.ConnectionString + ";Pooling=False", "INSERT INTO book VALUES (7)") : Task.CompletedTask;
        }

        foreach (var version in new[] { "1", "1", "2" })
        {
            await using var databases = await PreparedAsync(Version(version));
            if (engine == DatabaseEngine.PostgreSql)
                (await QueryAsync(await databases.LeaseAsync(0, CancellationToken), "SELECT id FROM book")).ShouldBe(7);
        }

        built.ShouldBe(["main", "main"]);
    }

    [Fact]
    public async Task A_template_hook_that_fails_is_named_and_leaves_no_template()
    {
        var settings = await SettingsAsync() with { TemplateHook = new("1", (_, _) => throw new InvalidOperationException("no migrations found")) };
        await using var databases = Create(settings);
        await databases.CheckAsync(CancellationToken);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldBe("the build's TemplateHook failed for the database 'main': no migrations found");
    }

    [Fact]
    public async Task What_the_server_counted_is_known_before_a_database_is_dropped()
    {
        Script("CREATE TABLE book (id int);");
        await using var databases = await PreparedAsync(await SettingsAsync("schema.sql"));
        var used = await databases.LeaseAsync(3, CancellationToken);
        var unused = await databases.LeaseAsync(4, CancellationToken);
        await QueryAsync(used, "INSERT INTO book SELECT generate_series(1, 5)");

        await databases.ReleaseAsync(used, CancellationToken);
        await databases.ReleaseAsync(unused, CancellationToken);

        var statistics = databases.Record!.Statistics.ToDictionary(statistics => statistics.Worker);
        statistics[3].RowsInserted.ShouldBe(5);
        statistics[3].Sessions.ShouldBe(1);
        statistics[4].Sessions.ShouldBe(0);
        statistics[4].RowsInserted.ShouldBe(0);
    }

    [Fact]
    public async Task A_database_that_does_not_answer_any_more_is_told_of_by_its_lease()
    {
        await using var databases = await PreparedAsync(await SettingsAsync() with { HealthCheckInterval = TimeSpan.FromMilliseconds(50), MaxRetries = 0 });
        var lease = await databases.LeaseAsync(0, CancellationToken);
        databases.IsHealthy(lease).ShouldBeTrue();

        await AdminAsync($"ALTER DATABASE {lease.Database} ALLOW_CONNECTIONS false");
        await AdminAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{lease.Database}'");

        await Eventually.BeAsync(() => !databases.IsHealthy(lease), "the health check notices", CancellationToken);
        databases.IsHealthy(await databases.RenewAsync(lease, CancellationToken)).ShouldBeTrue();
    }

    private async Task<ConcurrentTestSettings> SettingsAsync(DatabaseEngine engine, params string[] template)
    {
        var settings = await SettingsAsync(template);
        return engine == DatabaseEngine.Sqlite ? settings with { Database = engine, ConnectionString = null } : settings;
    }
}
