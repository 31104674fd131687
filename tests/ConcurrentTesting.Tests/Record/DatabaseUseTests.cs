using System.Collections.Immutable;
using ConcurrentTesting.Console;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Markdown;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class DatabaseUseTests
{
    [Theory]
    [InlineData(0L, 0L, true)]
    [InlineData(0L, null, true)]
    [InlineData(null, 0L, true)]
    [InlineData(null, null, false)]
    [InlineData(0L, 2L, false)]
    [InlineData(3L, 0L, false)]
    [InlineData(3L, null, false)]
    public void Databases_are_unused_where_a_witness_says_so_and_none_contradicts(long? connections, long? sessions, bool isUnused)
    {
        var run = Run([Batch(1, "w0", connections)], [new DatabaseStatistics { Database = "w0", Sessions = sessions, Transactions = sessions }]);

        DatabaseUseFindings.Of(run).Any(finding => finding.Kind == IncidentKinds.DatabaseUnused).ShouldBe(isUnused);
    }

    [Fact]
    public void Where_one_worker_used_its_database_the_variable_is_read()
    {
        var run = Run([Batch(1, "w0", 0), Batch(2, "w1", 4)], []);

        DatabaseUseFindings.Of(run).ShouldBeEmpty();
    }

    [Fact]
    public void The_second_database_of_a_lease_counts_too()
    {
        var run = Run([Batch(1, "w0", 0) with { Opened = [new OpenedDatabase("w0_audit", 2)] }], [new DatabaseStatistics { Database = "w0" }, new DatabaseStatistics { Database = "w0_audit" }]);

        DatabaseUseFindings.Of(run).ShouldBeEmpty();
    }

    [Fact]
    public void The_second_database_of_a_lease_counts_where_the_server_counts_nothing()
    {
        var run = Run([Batch(1, "w0", 0) with { Opened = [new OpenedDatabase("w0_audit", 2)] }], []);
        run = run with { Database = run.Database! with { Clones = ["w0", "w0_audit"] } };

        DatabaseUseFindings.Of(run).ShouldBeEmpty();
        AssemblyDatabaseUse.Of(run.Tests[0].Assembly, run.Batches, run).ShouldBe(true);
    }

    [Theory]
    [InlineData("w0", null, null, true)]
    [InlineData("w0", 1L, 0L, true)]
    [InlineData("w0", 1L, 2L, false)]
    [InlineData("w1_audit", null, null, false)]
    [InlineData("elsewhere", null, null, false)]
    [InlineData("elsewhere", 1L, 0L, true)]
    [InlineData("elsewhere", 1L, null, false)]
    [InlineData(null, 1L, 0L, true)]
    [InlineData(null, null, null, false)]
    public void A_further_database_that_no_test_of_any_worker_used_is_told(string? opened, long? main, long? audit, bool isTold)
    {
        var run = Further(
            [Batch(1, "w0", 0), Batch(2, "w1", 0) with { Opened = opened is null ? null : [new OpenedDatabase("w0", 1), new OpenedDatabase(opened, 1)] }],
            main, audit);
        if (opened == "elsewhere")
            run = run with { Batches = [.. run.Batches.Select(batch => batch with { Opened = [new OpenedDatabase(opened, 1)] })] };

        var told = DatabaseUseFindings.Of(run).Where(finding => finding.Message.Contains("NO TEST USED THE DATABASE audit", StringComparison.Ordinal)).ToList();

        told.Count.ShouldBe(isTold ? 1 : 0);
        told.ShouldAllBe(finding => finding.Message.Contains("the variable SHOP_AUDIT,", StringComparison.Ordinal));
    }

    [Fact]
    public void Of_a_part_of_the_tests_a_further_database_is_not_told()
    {
        var run = Further([Batch(1, "w0", 1)], null, null);
        DatabaseUseFindings.Of(run).ShouldHaveSingleItem();

        DatabaseUseFindings.Of(run with { Settings = run.Settings with { Filter = "Name~Order" } }).ShouldBeEmpty();
        DatabaseUseFindings.Of(run with { Settings = run.Settings with { Shard = "1/2" } }).ShouldBeEmpty();
        DatabaseUseFindings.Of(run with { Settings = run.Settings with { Queue = "***" } }).ShouldBeEmpty();
        DatabaseUseFindings.Of(run with { Batches = [Batch(1, "w0", 1) with { Error = "killed" }] }).ShouldBeEmpty();
    }

    [Fact]
    public void Of_a_part_nothing_is_said_of_unused_databases_since_others_may_use_theirs()
    {
        var run = Run([Batch(1, "w0", 0)], []);
        DatabaseUseFindings.Of(run).ShouldHaveSingleItem();

        DatabaseUseFindings.Of(run with { Settings = run.Settings with { Shard = "1/2" } }).ShouldBeEmpty();
    }

    [Fact]
    public void It_is_said_where_the_tests_went_instead_and_what_to_do()
    {
        var run = Run([Batch(1, "/run/w0.db", 0) with { Opened = [new OpenedDatabase("/home/me/shared.db", 5)] }], []);

        var (_, message) = DatabaseUseFindings.Of(run).ShouldHaveSingleItem();

        message.ShouldContain("they connected to /home/me/shared.db instead");
        message.ShouldContain("ConnectionStrings__Default");
        message.ShouldContain("--test-environment");
        var told = run with { Incidents = [new Incident(RecordedRun.Start, IncidentKinds.DatabaseUnused, message)] };
        string.Join('\n', RunClosing.Lines(told, new Redactor())).ShouldContain("  WARNING    NO TEST USED ITS DATABASE");
        SummaryMarkdown.Of(told, new ReportText(new Redactor())).ShouldContain("> [!WARNING]\n> NO TEST USED ITS DATABASE");
    }

    [Fact]
    public void Only_variables_that_hold_a_database_are_named()
    {
        var run = Run([Batch(1, "w0", 0)], []);
        run = run with { Settings = run.Settings with { Environment = [new("SHOP_PORT", "51{Worker}0"), new("SHOP_DB", "{Host}:{Port}/{Database}")] } };

        var (_, message) = DatabaseUseFindings.Of(run).ShouldHaveSingleItem();

        message.ShouldContain("the variable SHOP_DB,");
    }

    [Fact]
    public void A_database_that_tests_of_several_workers_open_beside_their_own_is_told_with_the_first_tests()
    {
        var (kind, message) = DatabaseUseFindings.Of(Shared("reports")).ShouldHaveSingleItem();

        kind.ShouldBe(IncidentKinds.DatabaseShared);
        message.ShouldContain("none has it for itself: reports. reports was opened on worker 0 first by Shop.Orders.Ships, on worker 1 first by a set-up of Shop.Tests (net10.0).");
        message.ShouldContain("--test-databases");
        var told = Shared("reports") with { Incidents = [new Incident(RecordedRun.Start, kind, message)] };
        string.Join('\n', RunClosing.Lines(told, new Redactor())).ShouldContain("  WARNING    SEVERAL WORKERS USE ONE DATABASE");
        SummaryMarkdown.Of(told, new ReportText(new Redactor())).ShouldContain("> [!WARNING]\n> SEVERAL WORKERS USE ONE DATABASE");
    }

    [Theory]
    [InlineData("postgres", 1)]
    [InlineData("mysql", 1)]
    [InlineData("w0", 1)]
    [InlineData("w1_audit", 1)]
    [InlineData("reports", 0)]
    public void What_one_worker_opens_or_is_a_workers_own_or_the_servers_is_not_told_as_shared(string database, int second)
    {
        var run = Shared(database, second);

        DatabaseUseFindings.Of(run with { Database = run.Database! with { Clones = ["w0", "w1", "w0_audit", "w1_audit"] } }).ShouldBeEmpty();
    }

    [Fact]
    public void Where_each_worker_has_a_server_the_same_name_is_another_database()
    {
        var run = Shared("reports");

        DatabaseUseFindings.Of(run with { Settings = run.Settings with { Isolation = DatabaseIsolation.Server } }).ShouldBeEmpty();
    }

    [Fact]
    public void A_database_that_all_use_instead_of_their_own_is_told_once()
    {
        var run = Shared("reports");
        run = run with { Batches = [.. run.Batches.Select(batch => batch with { Opened = [new OpenedDatabase("reports", 1)] })] };

        DatabaseUseFindings.Of(run).ShouldHaveSingleItem().Kind.ShouldBe(IncidentKinds.DatabaseUnused);
    }

    [Theory]
    [InlineData("Npgsql.PostgresException : 42710: role \"shop_reader\" already exists", true)]
    [InlineData("42P04: database \"shop_reports\" already exists", true)]
    [InlineData("23505: duplicate key value violates unique constraint \"pg_authid_rolname_index\"", true)]
    [InlineData("MySqlException : Operation CREATE USER failed for 'shop_reader'@'localhost'", true)]
    [InlineData("Can't create database 'shop_reports'; database exists", true)]
    [InlineData("42P04: database \"ct_r_20261122_shop_12345678\" already exists", false)]
    [InlineData("42P07: relation \"orders\" already exists", false)]
    [InlineData("user already exists", false)]
    public void A_failure_because_a_name_of_the_whole_server_is_taken_tells_of_a_server_for_each_worker(string message, bool isTold)
    {
        var run = Run([Batch(1, "w0", 1), Batch(2, "w1", 1) with { Worker = 1 }], []) with
        {
            Tests = [RecordedRun.Test("Ships", RecordedRun.Attempt(TestOutcome.Failed) with { Message = message })],
        };

        DatabaseUseFindings.Of(run).Count(finding => finding.Kind == IncidentKinds.ServerShared && finding.Message.Contains("(--test-isolation server)", StringComparison.Ordinal)
            && finding.Message.Contains(", 1 such failure in all.", StringComparison.Ordinal)).ShouldBe(isTold ? 1 : 0);
        DatabaseUseFindings.Of(run with { Settings = run.Settings with { Isolation = DatabaseIsolation.Server } }).ShouldBeEmpty();
        DatabaseUseFindings.Of(run with { Batches = [run.Batches[0]] }).ShouldBeEmpty();
    }

    [Fact]
    public void Where_no_test_ran_nothing_is_to_be_said()
    {
        var run = Run([Batch(1, "w0", 0)], []) with { Tests = [RecordedRun.Test("Skipped", RecordedRun.Attempt(TestOutcome.Skipped))] };

        DatabaseUseFindings.Of(run).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(2, 5, null, 3)]
    [InlineData(5, 5, null, 0)]
    [InlineData(5, 2, null, 0)]
    [InlineData(2, 5, "killed", 0)]
    public void Sessions_that_no_driver_told_of_are_work_that_was_not_seen(long connections, long sessions, string? error, long unseen)
    {
        var run = Run([Batch(1, "w0", connections) with { Error = error }], [new DatabaseStatistics { Database = "w0", Sessions = sessions, Transactions = 9 }]);

        DatabaseUse.Of(run).Single().UnseenSessions.ShouldBe(unseen);
        DatabaseUseFindings.Of(run).Count(finding => finding.Kind == IncidentKinds.UnseenWork).ShouldBe(unseen > 0 ? 1 : 0);
    }

    private static RunRecord Shared(string database, int second = 1) => Run(
        [
            Batch(1, "w0", 0) with { Opened = [new OpenedDatabase("w0", 1), new OpenedDatabase(database, 1, "Shop.Orders.Ships")] },
            Batch(2, "w1", 0) with { Worker = second, Opened = [new OpenedDatabase("w1", 1), new OpenedDatabase(database, 1)] },
        ], []);

    private static BatchRecord Batch(int number, string database, long? connections) => RecordedRun.Batch(number) with
    {
        Database = database,
        Opened = connections is { } count ? count == 0 ? [] : [new OpenedDatabase(database, count)] : null,
        Figures = connections is null ? null : new TestFigures { Operations = 1 },
    };

    private static RunRecord Further(BatchRecord[] batches, long? main, long? audit)
    {
        string[] clones = ["w0", "w0_audit", "w1", "w1_audit"];
        var run = Run(batches, [.. clones.Select(clone => new DatabaseStatistics { Database = clone, Sessions = clone.EndsWith("audit", StringComparison.Ordinal) ? audit : main })]);
        return run with
        {
            Settings = run.Settings with { Databases = ["main", "audit"], Environment = [new("SHOP", "{ConnectionString}"), new("SHOP_AUDIT", "{ConnectionString:audit}")] },
            Database = run.Database! with { Clones = [.. clones], CloneOf = ["main", "audit", "main", "audit"] },
        };
    }

    private static RunRecord Run(BatchRecord[] batches, ImmutableArray<DatabaseStatistics> statistics) =>
        RecordedRun.Of("/results", [RecordedRun.Test("Passes")], batches) with { Database = new DatabaseRecord { Engine = "postgresql", Statistics = statistics } };
}
