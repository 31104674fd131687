using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class SqliteDatabasesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();
    private static int _runs;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Each_worker_has_a_copy_of_its_own()
    {
        _folder.Write("db/2-seed.sql", "INSERT INTO book VALUES (1, 'first');");
        _folder.Write("db/1-schema.sql", "CREATE TABLE book (id INTEGER PRIMARY KEY, title TEXT NOT NULL);");
        await using var databases = await PreparedAsync(Settings("db"));

        var leases = await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => databases.LeaseAsync(worker, CancellationToken)));

        leases.Select(lease => lease.Database).Distinct().Count().ShouldBe(8);
        Execute(leases[0], "INSERT INTO book VALUES (2, 'second')");
        Query(leases[0], "SELECT count(*) FROM book").ShouldBe(2);
        Query(leases[1], "SELECT count(*) FROM book").ShouldBe(1);
    }

    [Fact]
    public async Task A_lease_tells_the_test_process_its_database()
    {
        var settings = Settings() with
        {
            Workers = 4,
            Environment = [EnvironmentPattern.Default, new("APP_DB", "file:{Database}?worker={Worker}&unknown={Else}")],
        };
        await using var databases = await PreparedAsync(settings, runId: "run-1");

        var lease = await databases.LeaseAsync(3, CancellationToken);

        lease.Environment["CONCURRENT_TEST_RUN"].ShouldBe("run-1");
        lease.Environment["CONCURRENT_TEST_WORKER"].ShouldBe("3");
        lease.Environment["CONCURRENT_TEST_WORKERS"].ShouldBe("4");
        lease.Environment["CONCURRENT_TEST_DATABASE"].ShouldBe(lease.Database);
        lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"].ShouldBe($"Data Source={lease.Database}");
        lease.Environment["ConnectionStrings__Default"].ShouldBe($"Data Source={lease.Database}");
        lease.Environment["APP_DB"].ShouldBe($"file:{lease.Database}?worker=3&unknown={{Else}}");
    }

    [Fact]
    public async Task A_database_that_tests_drop_is_lived_with_and_the_wasted_template_is_told_once()
    {
        _folder.Write("schema.sql", "CREATE TABLE book (id INTEGER);");
        await using var databases = await PreparedAsync(Settings("schema.sql") with { KeepFailed = true });
        var (first, second, third) = (await databases.LeaseAsync(0, CancellationToken), await databases.LeaseAsync(1, CancellationToken), await databases.LeaseAsync(2, CancellationToken));

        // EF Core's EnsureDeleted.
        foreach (var lease in new[] { first, second, third })
            File.Delete(lease.Database!);
        Execute(third, "CREATE TABLE loan (id INTEGER)");
        await databases.ReleaseAsync(first, CancellationToken);
        await databases.KeepAsync(second, "BookTests.Fails", CancellationToken);
        await databases.ReleaseAsync(third, CancellationToken);

        databases.Record!.Counts["dropped_by_tests"].ShouldBe(OperatingSystem.IsLinux() ? 3 : 2);
        databases.Record.Kept.ShouldBeEmpty();
        File.Exists(third.Database).ShouldBeFalse();
        _log.Text.Split("they do not use what the template has").Length.ShouldBe(2);
        _log.Text.ShouldContain("The database of the failed test BookTests.Fails");
    }

    [Fact]
    public async Task A_script_that_is_marked_as_UTF_16_is_read_as_that_and_all_other_bytes_are_kept()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.Path, "1.sql"), "CREATE TABLE book (title TEXT); INSERT INTO book VALUES ('é');", Encoding.Unicode, CancellationToken);
        await File.WriteAllBytesAsync(Path.Combine(_folder.Path, "2.sql"), Encoding.Latin1.GetBytes("INSERT INTO book VALUES ('é');"), CancellationToken);
        await using var databases = await PreparedAsync(Settings("1.sql", "2.sql"));

        Query(await databases.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book WHERE hex(title) IN ('C3A9', 'E9')").ShouldBe(2);
    }

    [Fact]
    public async Task What_a_worker_will_be_told_is_known_before_there_is_a_database()
    {
        var settings = Settings() with { Reset = DatabaseReset.Batch, Workers = 2 };
        await using var databases = TestDatabases.Create(settings, RunId(), _log, TimeProvider.System);
        var (first, second) = (databases.Foresee(0)!, databases.Foresee(1)!);
        File.Exists(first["CONCURRENT_TEST_DATABASE"]).ShouldBeFalse();
        Directory.Exists(Path.GetDirectoryName(first["CONCURRENT_TEST_DATABASE"])).ShouldBeFalse();

        await databases.PrepareAsync(CancellationToken);
        var leases = new[] { await databases.LeaseAsync(0, CancellationToken), await databases.LeaseAsync(1, CancellationToken) };

        leases[0].Environment.ShouldBe(first, ignoreOrder: true);
        leases[1].Environment.ShouldBe(second, ignoreOrder: true);
        databases.Foresee(0)!["CONCURRENT_TEST_DATABASE"].ShouldNotBe(leases[0].Database);
        (await databases.LeaseAsync(0, CancellationToken)).Database.ShouldNotBe(leases[0].Database);
    }

    [Fact]
    public void Of_a_connection_string_that_cannot_be_read_nothing_is_foreseen() =>
        TestDatabases.Create(Settings() with { ConnectionString = "Mode=Nonsense" }, RunId(), _log, TimeProvider.System).Foresee(0).ShouldBeNull();

    [Fact]
    public async Task Options_of_the_given_connection_string_are_kept()
    {
        await using var databases = await PreparedAsync(Settings() with { ConnectionString = "Foreign Keys=True" });

        var lease = await databases.LeaseAsync(0, CancellationToken);

        lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"].ShouldBe($"Data Source={lease.Database};Foreign Keys=True");
    }

    [Fact]
    public async Task A_second_run_finds_the_template()
    {
        _folder.Write("schema.sql", "CREATE TABLE book (id INTEGER);");
        await using (var first = await PreparedAsync(Settings("schema.sql")))
            first.Record!.TemplateHit.ShouldBe(false);

        await using var second = await PreparedAsync(Settings("schema.sql"));

        second.Record!.TemplateHit.ShouldBe(true);
        Query(await second.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book").ShouldBe(0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_template_whose_files_change_while_it_is_built_serves_this_run_only(bool isRemoved)
    {
        const string Schema = "CREATE TABLE book (id INTEGER);";
        _folder.Write("schema.sql", Schema);
        var incidents = new ConcurrentQueue<IncidentReported>();
        var edits = Settings("schema.sql") with { TemplateHook = Hook(Edit) };
        await using (var first = await PreparedAsync(edits, tell: Hear))
        {
            Query(await first.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book").ShouldBe(0);
            first.Record!.TemplateHit.ShouldBe(false);
        }

        var incident = incidents.ShouldHaveSingleItem();
        (incident.Kind, incident.Worker).ShouldBe((IncidentKinds.TemplateChanged, null));
        incident.Message.ShouldStartWith("What the template of main is made of changed");
        _folder.Write("schema.sql", Schema);

        await using var second = await PreparedAsync(Settings("schema.sql") with { TemplateHook = Hook(() => { }) }, tell: Hear);
        second.Record!.TemplateHit.ShouldBe(false);
        await using var third = await PreparedAsync(Settings("schema.sql") with { TemplateHook = Hook(() => { }) }, tell: Hear);
        third.Record!.TemplateHit.ShouldBe(true);
        incidents.Count.ShouldBe(1);

        void Edit()
        {
            if (isRemoved)
                File.Delete(Path.Combine(_folder.Path, "schema.sql"));
            else
                _folder.Write("schema.sql", "CREATE TABLE loan (id INTEGER);");
        }

        void Hear(RunEvent happened)
        {
            if (happened is IncidentReported reported)
                incidents.Enqueue(reported);
        }

        static TemplateHook Hook(Action work) => new("1", (_, _) =>
        {
            work();
            return Task.CompletedTask;
        });
    }

    [Theory]
    [InlineData("schema.sql", "CREATE TABLE book (id INTEGER, title TEXT);")]
    [InlineData("renamed.sql", "CREATE TABLE book (id INTEGER);")]
    public async Task Changed_content_or_name_makes_another_template(string name, string content)
    {
        _folder.Write("schema.sql", "CREATE TABLE book (id INTEGER);");
        await using var first = await PreparedAsync(Settings("schema.sql"));
        _folder.Write(name, content);

        await using var second = await PreparedAsync(Settings(name));

        second.Record!.TemplateHit.ShouldBe(false);
        second.Record.Fingerprint.ShouldNotBe(first.Record!.Fingerprint);
    }

    [Fact]
    public async Task Without_the_cache_every_run_builds()
    {
        _folder.Write("schema.sql", "CREATE TABLE book (id INTEGER);");
        var settings = Settings("schema.sql") with { TemplateCache = false };
        await using var first = await PreparedAsync(settings);

        await using var second = await PreparedAsync(settings);

        second.Record!.TemplateHit.ShouldBe(false);
        Directory.Exists(Path.Combine(_folder.Path, "temp", "templates")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_failing_statement_is_named_with_file_line_number_and_message()
    {
        _folder.Write("db/1.sql", "CREATE TABLE book (id INTEGER);");
        _folder.Write("db/2.sql", "INSERT INTO book VALUES (1);\n-- a remark; with a semicolon\n\nINSERT INTO\n  shelf VALUES ('a;b');\n");
        await using var databases = TestDatabases.Create(Settings("db"), RunId(), _log, TimeProvider.System);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        failure.Message.ShouldBe("db/2.sql:4: statement 2 (INSERT INTO) failed: no such table: shelf");
    }

    [Fact]
    public async Task A_template_that_failed_half_way_is_not_used_later()
    {
        _folder.Write("schema.sql", "CREATE TABLE book (id INTEGER); CREATE TABLE book (id INTEGER);");
        await using (var failing = TestDatabases.Create(Settings("schema.sql"), RunId(), _log, TimeProvider.System))
            await Should.ThrowAsync<ConcurrentTestException>(failing.PrepareAsync(CancellationToken));

        await using var again = TestDatabases.Create(Settings("schema.sql"), RunId(), _log, TimeProvider.System);

        await Should.ThrowAsync<ConcurrentTestException>(again.PrepareAsync(CancellationToken));
        Directory.EnumerateDirectories(Path.Combine(_folder.Path, "temp", "templates")).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_open_transaction_at_the_end_of_a_file_is_an_error()
    {
        _folder.Write("schema.sql", "BEGIN; CREATE TABLE book (id INTEGER);");
        await using var databases = TestDatabases.Create(Settings("schema.sql"), RunId(), _log, TimeProvider.System);

        (await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken))).Message.ShouldContain("ends inside a transaction");
    }

    [Fact]
    public async Task What_happens_to_databases_is_told_as_it_happens()
    {
        _folder.Write("schema.sql", "CREATE TABLE book (id INTEGER);");
        var told = new ConcurrentQueue<RunEvent>();
        var fold = new RunFold();
        await using var databases = await PreparedAsync(Settings("schema.sql"), tell: told.Enqueue);
        databases.Tell();

        var lease = await databases.LeaseAsync(0, CancellationToken);
        var renewed = await databases.RenewAsync(lease, CancellationToken);
        await databases.ReleaseAsync(renewed, CancellationToken);
        await databases.EndAsync();

        foreach (var happened in told)
            fold.Apply(happened);
        told.OfType<CloneMade>().Select(made => made.Database).ShouldBe([lease.Clones[0].Name, renewed.Clones[0].Name]);
        told.OfType<CloneDropped>().Select(dropped => dropped.Database).ShouldBe([lease.Clones[0].Name, renewed.Clones[0].Name], ignoreOrder: true);
        JsonSerializer.Serialize(fold.Databases.ToRecord()).ShouldBe(JsonSerializer.Serialize(databases.Record));
    }

    [Fact]
    public async Task Triggers_and_byte_order_marks_are_no_obstacle()
    {
        var script = _folder.Write("schema.sql", """
            CREATE TABLE book (id INTEGER); CREATE TABLE log (text TEXT);
            CREATE TRIGGER logged AFTER INSERT ON book BEGIN
              INSERT INTO log VALUES ('one; two'); INSERT INTO log VALUES ('three');
            END;
            INSERT INTO book VALUES (1)
            """);
        await File.WriteAllBytesAsync(script, [0xEF, 0xBB, 0xBF, .. await File.ReadAllBytesAsync(script, CancellationToken)], CancellationToken);
        await using var databases = await PreparedAsync(Settings("schema.sql"));

        Query(await databases.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM log").ShouldBe(2);
    }

    [Fact]
    public async Task A_template_in_wal_mode_is_copied_with_all_its_rows()
    {
        _folder.Write("schema.sql", "PRAGMA journal_mode=WAL; CREATE TABLE book (id INTEGER); INSERT INTO book VALUES (1);");
        await using var databases = await PreparedAsync(Settings("schema.sql"));

        var lease = await databases.LeaseAsync(0, CancellationToken);

        Directory.EnumerateFiles(Path.GetDirectoryName(lease.Database!)!, "*-wal").ShouldBeEmpty();
        Query(lease, "SELECT count(*) FROM book").ShouldBe(1);
    }

    [Fact]
    public async Task A_command_builds_the_template_with_the_connection_string_from_its_environment()
    {
        _folder.Write("migrations/1.sql", "CREATE TABLE book (id INTEGER)");
        var settings = Settings("cmd:sqlite3 \"${ConnectionStrings__Default#Data Source=}\" 'CREATE TABLE book (id INTEGER)'", "watch:migrations");
        await using var first = await PreparedAsync(settings);
        await using var second = await PreparedAsync(settings);

        second.Record!.TemplateHit.ShouldBe(true);
        Query(await second.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book").ShouldBe(0);
    }

    [Fact]
    public async Task A_file_that_the_command_names_counts_for_the_fingerprint()
    {
        _folder.Write("migrate.sh", "sqlite3 \"$CONCURRENT_TEST_DATABASE\" 'CREATE TABLE book (id INTEGER)'");
        var settings = Settings("cmd:sh ./migrate.sh");
        await using var first = await PreparedAsync(settings);
        _folder.Write("migrate.sh", "sqlite3 \"$CONCURRENT_TEST_DATABASE\" 'CREATE TABLE shelf (id INTEGER)'");

        await using var second = await PreparedAsync(settings);

        second.Record!.TemplateHit.ShouldBe(false);
    }

    [Fact]
    public async Task A_command_that_names_nothing_it_reads_is_taken_anew_in_each_run_which_says_so()
    {
        var settings = Settings("cmd:sqlite3 \"$CONCURRENT_TEST_DATABASE\" 'CREATE TABLE book (id INTEGER)' 2>/dev/null");
        await using var first = await PreparedAsync(settings);

        await using var second = await PreparedAsync(settings);

        second.Record!.TemplateHit.ShouldBe(false);
        _log.Text.ShouldContain("add watch: and the path of its migrations");
    }

    [Theory]
    [InlineData("true; ", true)]
    [InlineData("", false)]
    public async Task Only_a_command_that_may_build_waits_for_the_runs_own_build(string before, bool waits)
    {
        var built = Task.FromException(new InvalidOperationException("The build has failed."));
        await using var databases = TestDatabases.Create(
            Settings($"cmd:{before}sqlite3 \"$CONCURRENT_TEST_DATABASE\" 'CREATE TABLE book (id INTEGER)'"), RunId(), _log, TimeProvider.System);

        var preparing = databases.PrepareAsync(CancellationToken, built);

        if (waits)
            (await Should.ThrowAsync<InvalidOperationException>(preparing)).Message.ShouldBe("The build has failed.");
        else
            await preparing;
        (databases.Record!.Template is null).ShouldBe(waits);
    }

    [Fact]
    public async Task Code_that_asks_for_the_databases_name_makes_a_template_for_each_name()
    {
        var asked = new ConcurrentQueue<string>();
        var hook = new TemplateHook("1", (template, _) =>
        {
            asked.Enqueue(template.Database);
            return Task.CompletedTask;
        });
        await using var databases = await PreparedAsync(Settings() with { Databases = ["main", "audit"], TemplateHook = hook });

        asked.ShouldBe(["main", "audit"]);
    }

    [Fact]
    public async Task What_cannot_be_dropped_disturbs_neither_the_worker_nor_the_end_of_the_run()
    {
        await using var databases = await PreparedAsync(Settings());
        var lease = await databases.LeaseAsync(0, CancellationToken);
        // No file, so that it cannot be removed as one.
        File.Delete(lease.Database!);
        Directory.CreateDirectory(lease.Database!);

        var renewed = await databases.RenewAsync(await databases.RenewAsync(lease, CancellationToken), CancellationToken);
        await databases.EndAsync();

        Directory.Exists(Path.GetDirectoryName(renewed.Database!)).ShouldBeFalse();
        databases.Record!.Counts["leaked"].ShouldBe(1);
    }

    [Fact]
    public async Task A_failing_command_is_named_with_its_code_and_its_words()
    {
        await using var databases = TestDatabases.Create(Settings("cmd:echo no luck >&2; exit 7"), RunId(), _log, TimeProvider.System);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldBe("the template's command 'echo no luck >&2; exit 7' ended with 7: no luck");
    }

    [Fact]
    public async Task A_command_gets_no_secret_of_the_build()
    {
        const string Secret = "NUKE_SQLITE_DATABASES_TESTS_TOKEN";
        Environment.SetEnvironmentVariable(Secret, "value");
        try
        {
            await using var databases = await PreparedAsync(
                Settings($"cmd:sqlite3 \"$CONCURRENT_TEST_DATABASE\" \"CREATE TABLE heard AS SELECT '${Secret}' AS word\""));

            Query(await databases.LeaseAsync(0, CancellationToken), "SELECT length(word) FROM heard").ShouldBe(0);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Secret, null);
        }
    }

    [Fact]
    public async Task A_command_that_leaves_a_process_with_its_output_is_not_waited_for()
    {
        _folder.Write("migrate.sh", "sqlite3 \"$CONCURRENT_TEST_DATABASE\" 'CREATE TABLE book (id INTEGER)'; sleep 60 & echo $! > left");
        var preparing = PreparedAsync(Settings("cmd:sh ./migrate.sh"));

        await using var databases = await preparing.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken);

        _log.Text.ShouldContain("left a process behind");
        using var left = Process.GetProcessById(int.Parse(await File.ReadAllTextAsync(Path.Combine(_folder.Path, "left"), CancellationToken), CultureInfo.InvariantCulture));
        left.Kill();
    }

    [Theory]
    [InlineData("cmd:true", false)]
    [InlineData("cmd:true dotnet ef database update", true)]
    public async Task A_command_that_builds_nothing_in_its_database_is_an_error(string command, bool isOfEntityFramework)
    {
        await using var databases = TestDatabases.Create(Settings(command), RunId(), _log, TimeProvider.System);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken));

        failure.Message.ShouldContain("made nothing in its database");
        failure.Message.ShouldContain("ConnectionStrings__Default");
        failure.Message.Contains("dotnet ef takes it by --connection", StringComparison.Ordinal).ShouldBe(isOfEntityFramework);
    }

    [Fact]
    public async Task An_existing_database_is_copied_while_it_is_open()
    {
        var path = Path.Combine(_folder.Path, "existing.db");
        using var open = new SqliteConnection($"Data Source={path};Pooling=False");
        open.Open();
        using var command = open.CreateCommand();
        command.CommandText = "PRAGMA journal_mode=WAL; CREATE TABLE book (id INTEGER); INSERT INTO book VALUES (1)";
        command.ExecuteNonQuery();
        await using var databases = await PreparedAsync(Settings("db:existing.db"));

        Query(await databases.LeaseAsync(0, CancellationToken), "SELECT count(*) FROM book").ShouldBe(1);
    }

    [Fact]
    public async Task A_transaction_that_is_left_open_in_a_template_is_an_error()
    {
        using var left = new SqliteConnection();
        var hook = new TemplateHook("1", (template, _) =>
        {
            left.ConnectionString = template.ConnectionString + ";Pooling=False";
            left.Open();
            using var command = left.CreateCommand();
            command.CommandText = "CREATE TABLE book (id INTEGER); BEGIN IMMEDIATE; INSERT INTO book VALUES (1)";
            command.ExecuteNonQuery();
            return Task.CompletedTask;
        });
        await using var databases = TestDatabases.Create(Settings() with { TemplateHook = hook }, RunId(), _log, TimeProvider.System);

        (await Should.ThrowAsync<ConcurrentTestException>(databases.PrepareAsync(CancellationToken))).Message.ShouldContain("is still in use");
    }

    [Fact]
    public async Task A_database_in_memory_is_refused_because_each_connection_would_have_another()
    {
        await using var databases = TestDatabases.Create(Settings() with { ConnectionString = "Mode=Memory;Cache=Shared" }, RunId(), _log, TimeProvider.System);

        (await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken))).ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
    }

    [Theory]
    [InlineData("Data Source=shop.db")]
    [InlineData("Filename=:memory:")]
    public async Task A_file_in_the_connection_string_is_refused_because_no_worker_would_have_it(string connectionString)
    {
        await using var databases = TestDatabases.Create(Settings() with { ConnectionString = connectionString }, RunId(), _log, TimeProvider.System);

        var failure = await Should.ThrowAsync<ConcurrentTestException>(databases.CheckAsync(CancellationToken));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain($"give db:{connectionString.Split('=')[1]} in --test-template");
    }

    [Fact]
    public void Settings_that_SQLite_cannot_keep_are_refused()
    {
        var settings = Settings() with { DatabaseSettings = ["foreign_keys=on"] };

        var failure = Should.Throw<ConcurrentTestException>(() => TestDatabases.Create(settings, RunId(), _log, TimeProvider.System));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain("--test-database-settings foreign_keys=on");
    }

    [Theory]
    [InlineData(DatabaseEngine.Sqlite, null, 1)]
    [InlineData(DatabaseEngine.PostgreSql, "Host=localhost", 1)]
    [InlineData(DatabaseEngine.PostgreSql, null, 0)]
    [InlineData(DatabaseEngine.None, null, 0)]
    public async Task What_is_for_a_throwaway_server_is_said_to_change_nothing_where_there_is_none(DatabaseEngine engine, string? connectionString, int times)
    {
        var settings = Settings() with { Database = engine, ConnectionString = connectionString, ServerListen = ServerListen.Tcp, ServerBinaries = "/opt/servers" };

        await using var databases = TestDatabases.Create(settings, RunId(), _log, TimeProvider.System);

        (_log.Text.Split("changes nothing here").Length - 1).ShouldBe(times);
    }

    [Theory]
    [InlineData("missing.sql", "there is no file or folder")]
    [InlineData("empty", "has no *.sql files")]
    [InlineData("cmd:", "nothing follows the prefix")]
    [InlineData("watch:missing", "does not exist")]
    public void A_template_that_is_not_there_is_a_bad_setting(string entry, string why)
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "empty"));

        var failure = Should.Throw<ConcurrentTestException>(() => TestDatabases.Create(Settings(entry), RunId(), _log, TimeProvider.System));

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        failure.Message.ShouldContain($"--test-template '{entry}'");
        failure.Message.ShouldContain(why);
    }

    [Fact]
    public async Task A_server_that_a_killed_run_left_ends_before_its_files_go()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "There are no throwaway servers.");
        var data = Path.Combine(_folder.Path, "temp", "runs", "dead", "s1", "data");
        using var server = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "read line", data]) { RedirectStandardInput = true })!;
        _folder.Write("temp/runs/dead.lock", $"{RunFolder.Mark}\nprocess 1\n");
        _folder.Write("temp/runs/dead/s1/data.pid", $"{server.Id}\n");
        try
        {
            await using var databases = await PreparedAsync(Settings());

            Directory.Exists(Path.Combine(_folder.Path, "temp", "runs", "dead")).ShouldBeFalse();
            await server.WaitForExitAsync(CancellationToken).WaitAsync(TimeSpan.FromSeconds(10), CancellationToken);
        }
        finally
        {
            server.Kill();
        }
    }

    [Fact]
    public async Task A_released_lease_leaves_no_file_and_a_finished_run_no_folder()
    {
        string folder;
        await using (var databases = await PreparedAsync(Settings()))
        {
            var lease = await databases.LeaseAsync(0, CancellationToken);
            folder = Path.GetDirectoryName(lease.Database!)!;
            Execute(lease, "PRAGMA journal_mode=WAL; CREATE TABLE book (id INTEGER)");

            await databases.ReleaseAsync(lease, CancellationToken);

            Directory.EnumerateFileSystemEntries(folder).ShouldBeEmpty();
        }

        Directory.Exists(folder).ShouldBeFalse();
        File.Exists(folder + ".lock").ShouldBeFalse();
    }

    [Fact]
    public async Task Without_an_engine_a_lease_only_tells_the_worker()
    {
        await using var databases = await PreparedAsync(Settings() with { Database = DatabaseEngine.None });

        var lease = await databases.LeaseAsync(2, CancellationToken);

        lease.Database.ShouldBeNull();
        lease.Environment.Keys.Order().ShouldBe(["CONCURRENT_TEST_RUN", "CONCURRENT_TEST_WORKER", "CONCURRENT_TEST_WORKERS"]);
        databases.Record.ShouldBeNull();
        await databases.ReleaseAsync(lease, CancellationToken);
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private static string RunId() => $"test-{Environment.ProcessId}-{Interlocked.Increment(ref _runs)}";

    private ConcurrentTestSettings Settings(params string[] template) => new()
    {
        Database = DatabaseEngine.Sqlite,
        Template = [.. template],
        RootDirectory = _folder.Path,
        WorkingDirectory = _folder.Path,
        TemporaryDirectory = Path.Combine(_folder.Path, "temp"),
    };

    private async Task<TestDatabases> PreparedAsync(ConcurrentTestSettings settings, string? runId = null, Action<RunEvent>? tell = null)
    {
        var databases = TestDatabases.Create(settings, runId ?? RunId(), _log, TimeProvider.System, tell: tell);
        await databases.CheckAsync(CancellationToken);
        await databases.SweepAsync(CancellationToken);
        await databases.PrepareAsync(CancellationToken);
        return databases;
    }

    private static void Execute(DatabaseLease lease, string sql) => Run(lease, sql);

    private static long Query(DatabaseLease lease, string sql) => (long)Run(lease, sql)!;

    private static object? Run(DatabaseLease lease, string sql)
    {
        using var connection = new SqliteConnection(lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"] + ";Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
