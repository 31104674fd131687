using System.Collections.Concurrent;
using ConcurrentTesting.IntegrationTests.Databases;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>Suites that say in each test's name what it does, measured from the outside: every framework on every driver.</summary>
public sealed class KnownCountsTests(DatabaseServers servers) : IDisposable
{
    // Several tests look at the same run of a suite.
    private static readonly ConcurrentDictionary<(string Framework, string Driver), Lazy<Task<MeasuredBatch[]>>> Runs = new();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("measured-");

    public static TheoryData<string, string> Suites
    {
        get
        {
            var suites = new TheoryData<string, string>();
            foreach (var framework in new[] { "XUnit2", "XUnit3", "NUnit", "MSTest" })
            {
                foreach (var driver in new[] { "sqlite", "postgresql", "mysql" })
                    suites.Add(framework, driver);
            }

            return suites;
        }
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task Every_test_has_exactly_the_work_that_its_name_says(string framework, string driver)
    {
        var batch = (await RunAsync(framework, driver))[0];

        ShouldBeExact(batch);
        batch.NotMeasured.ShouldBeEmpty();
        batch.Rows.Length.ShouldBeGreaterThan(200);
        (batch.Fixtures.Reads, batch.Fixtures.Writes).ShouldBe((7, framework == "NUnit" ? 2 : 1));
        batch.NoTest.Reads.ShouldBe(2, "two reads of a server within the process, for a fixture");
        batch.Rows.Single(row => row.Name == "Parallel_r20w0o0").Figures!.Repeated.ShouldBe([new Repeated(20, "SELECT ?")]);
        batch.Rows.Where(row => row.Name.StartsWith("Many", StringComparison.Ordinal)).ShouldAllBe(row => row.Figures!.Repeated.Length == 0);
    }

    [Theory]
    [InlineData("XUnit2")]
    [InlineData("XUnit3")]
    [InlineData("NUnit")]
    [InlineData("MSTest")]
    public async Task A_rerun_on_the_same_session_is_counted_afresh(string framework)
    {
        var batches = await RunAsync(framework, "sqlite");

        batches.Length.ShouldBe(2);
        batches.ShouldAllBe(batch => batch.Total.Reads == batches[0].Total.Reads && batch.Total.Writes == batches[0].Total.Writes);
        foreach (var batch in batches)
            ShouldBeExact(batch);
    }

    [Fact]
    public async Task Tests_of_an_older_NUnit_are_counted_as_exactly()
    {
        var batch = (await MeasuredSuite.RunAsync("NUnit3", "measure", 1, CancellationToken, await EnvironmentAsync("sqlite"))).ShouldHaveSingleItem();

        ShouldBeExact(batch);
        batch.NotMeasured.ShouldBeEmpty();
        batch.Rows.Where(row => row.Outcome == "Passed").ShouldAllBe(row => row.Figures!.AllocatedBytes != null);
        (batch.Fixtures.Reads, batch.Fixtures.Writes, batch.NoTest.Reads).ShouldBe((7, 2, 2));
    }

    [Fact]
    public async Task Tests_of_an_older_MSTest_are_counted_as_exactly()
    {
        var batch = (await MeasuredSuite.RunAsync("MSTest3", "measure", 1, CancellationToken, await EnvironmentAsync("sqlite"))).ShouldHaveSingleItem();

        ShouldBeExact(batch);
        batch.NotMeasured.ShouldBeEmpty();
        (batch.Fixtures.Reads, batch.Fixtures.Writes, batch.NoTest.Reads).ShouldBe((7, 1, 2));
    }

    [Fact]
    public async Task Tests_of_an_MSTest_without_a_context_are_counted_by_what_happens_while_they_run()
    {
        var batch = (await MeasuredSuite.RunAsync("MSTest2", "measure", 1, CancellationToken, await EnvironmentAsync("sqlite"))).ShouldHaveSingleItem();

        ShouldBeExact(batch);
        batch.NotMeasured.ShouldBeEmpty();
        batch.Rows.Length.ShouldBe(7);
    }

    [Fact]
    public async Task Methods_of_MSTest_that_share_a_name_are_told_apart()
    {
        var batch = (await RunAsync("MSTest", "sqlite"))[0];

        batch.Rows.Where(row => row.Name == "Overloaded (1)").Select(row => (row.Outcome, row.Counted)).ShouldBe([("Passed", (2, 1, 0)), ("Failed", (1, 2, 0))]);
    }

    [Fact]
    public async Task Tests_of_NUnit_whose_names_VSTest_cannot_hold_are_told_apart()
    {
        var batch = (await MeasuredSuite.RunAsync("NUnit", "measure", 1, CancellationToken, [.. await EnvironmentAsync("sqlite"), ("MEASURED_WHERE", "class == Measured.NUnit.OddNameTests")])).ShouldHaveSingleItem();

        batch.Rows.Length.ShouldBe(3);
        // The runtime counts by blocks of some kilobytes, which a small test may not fill.
        batch.Rows.ShouldAllBe(row => row.Figures!.AllocatedBytes >= 0);
        batch.Rows.Sum(row => row.Figures!.AllocatedBytes).ShouldNotBeNull().ShouldBePositive();
        ShouldBeExact(batch);
    }

    /// <param name="adapter">The adapter's own options, which decide by what names VSTest knows the cases.</param>
    [Theory]
    [InlineData("")]
    [InlineData("<UseParentFQNForParametrizedTests>true</UseParentFQNForParametrizedTests>")]
    [InlineData("<DisplayName>FullName</DisplayName>")]
    public async Task Tests_of_NUnit_in_fixtures_with_arguments_are_told_apart(string adapter)
    {
        var runSettings = Path.Combine(_folder.FullName, "adapter.runsettings");
        await File.WriteAllTextAsync(runSettings, $"<RunSettings><NUnit>{adapter}</NUnit></RunSettings>", CancellationToken);

        var batch = (await MeasuredSuite.RunAsync("NUnit", "measure", 1, CancellationToken, [.. await EnvironmentAsync("sqlite"), ("MEASURED_RUNSETTINGS", runSettings)])).ShouldHaveSingleItem();

        batch.Rows.Where(row => row.ClassName.Contains("ArgumentTests", StringComparison.Ordinal)).Select(row => (row.Name, row.Counted)).ShouldBe(
            [
                ("Reads", (1, 0, 0)), ("Writes(1)", (1, 1, 0)), ("Writes(2)", (1, 2, 0)),
                ("Reads", (3, 0, 0)), ("Writes(1)", (3, 1, 0)), ("Writes(2)", (3, 2, 0)),
            ]);
        ShouldBeExact(batch);
    }

    [Fact]
    public async Task What_a_driver_does_not_tell_is_null_and_what_it_tells_is_not()
    {
        var sqlite = await TransactionAsync("sqlite");
        sqlite.ShouldBe((3, 3, 1, 2, 1, null));

        var postgreSql = await TransactionAsync("postgresql");
        postgreSql.ShouldBe((1, 1, 1, 0, null, 0));

        // MySqlConnector sends COMMIT as a command, and what begins the transaction beside it.
        var mySql = await TransactionAsync("mysql");
        mySql.ShouldBe((2, 2, 1, 1, null, 0));
    }

    [Theory]
    [InlineData("sqlite", "WITH RECURSIVE n (i) AS (SELECT ? UNION ALL SELECT i + ? FROM n WHERE i < ?) SELECT count(*) FROM n")]
    [InlineData("postgresql", "SELECT pg_sleep(?)")]
    [InlineData("mysql", "SELECT SLEEP(?)")]
    public async Task A_statement_that_takes_long_is_told_with_its_time_and_without_its_values(string driver, string text)
    {
        var batch = (await RunAsync("NUnit", driver))[0];
        var figures = batch.Rows.Single(row => row.Name == "Slow_r1w0o0").Figures!;

        var slow = figures.Slowest.ShouldHaveSingleItem();
        slow.Text.ShouldBe(text);
        slow.Seconds.ShouldBeInRange(driver == "sqlite" ? 0.01 : 0.049, figures.QuerySeconds!.Value + 0.001);
    }

    [Theory]
    [InlineData("XUnit2")]
    [InlineData("NUnit")]
    [InlineData("MSTest")]
    public async Task Memory_is_measured_for_every_test(string framework)
    {
        var batch = (await RunAsync(framework, "sqlite"))[0];

        foreach (var row in batch.Rows.Where(row => row.Outcome == "Passed"))
        {
            row.Figures!.AllocatedBytes.ShouldNotBeNull(row.Name);
            row.Figures.PeakBytes!.Value.ShouldBeInRange(10L << 20, 4L << 30, row.Name);
        }

        batch.Rows.Sum(row => row.Figures?.AllocatedBytes ?? 0).ShouldBeGreaterThan(100_000);
    }

    [Theory]
    [InlineData("XUnit2")]
    [InlineData("NUnit")]
    [InlineData("MSTest")]
    public async Task What_ran_before_a_crash_keeps_its_figures(string framework)
    {
        var batch = (await MeasuredSuite.RunAsync(framework, "measure", 1, CancellationToken, [.. await EnvironmentAsync("sqlite"), ("MEASURED_CRASH", "1")])).ShouldHaveSingleItem();

        batch.IsAborted.ShouldBeTrue();
        ShouldBeExact(batch);
    }

    [Fact]
    public async Task What_a_test_did_before_it_crashed_is_counted()
    {
        var batch = (await MeasuredSuite.RunAsync("NUnit", "measure", 1, CancellationToken,
            [.. await EnvironmentAsync("sqlite"), ("MEASURED_CRASH_AFTER_READS", "1"), ("MEASURED_WHERE", "method == Crashing_r0w0o0")])).ShouldHaveSingleItem();

        batch.IsAborted.ShouldBeTrue();
        (batch.Total.Reads - batch.Fixtures.Reads).ShouldBe(5);
    }

    [Theory]
    [InlineData("XUnit2", 1)]
    [InlineData("XUnit3", 1)]
    [InlineData("NUnit", 2)]
    [InlineData("MSTest", 1)]
    public async Task What_a_shared_tear_down_did_before_a_crash_is_counted(string framework, int writes)
    {
        var batch = (await MeasuredSuite.RunAsync(framework, "measure", 1, CancellationToken, [.. await EnvironmentAsync("sqlite"), ("MEASURED_CRASH_IN_TEAR_DOWN", "1")])).ShouldHaveSingleItem();

        batch.Fixtures.Writes.ShouldBe(writes);
    }

    [Fact]
    public async Task Nothing_is_measured_where_measuring_is_switched_off()
    {
        var batch = (await MeasuredSuite.RunAsync("NUnit", "watch", 1, CancellationToken, await EnvironmentAsync("sqlite"))).ShouldHaveSingleItem();

        batch.Rows.ShouldAllBe(row => row.Figures == null);
        batch.NotMeasured.ShouldHaveSingleItem().ShouldContain("switched off");
    }

    /// <summary>A run of a suite as it is: two batches on SQLite, one on a server.</summary>
    private Task<MeasuredBatch[]> RunAsync(string framework, string driver) => Runs.GetOrAdd(
        (framework, driver),
        _ => new Lazy<Task<MeasuredBatch[]>>(async () => await MeasuredSuite.RunAsync(framework, "measure", driver == "sqlite" ? 2 : 1, System.Threading.CancellationToken.None, await EnvironmentAsync(driver)))).Value;

    private static void ShouldBeExact(MeasuredBatch batch)
    {
        var wrong = batch.Rows
            .Where(row => !row.IsExact)
            .Select(row => $"{row.ClassName}.{row.Name} is {row.Outcome} and has {row.Counted}");
        wrong.ShouldBeEmpty();
    }

    private async Task<(long?, long?, long?, long?, long?, long?)> TransactionAsync(string driver)
    {
        var batch = (await RunAsync("NUnit", driver))[0];
        var figures = batch.Rows.Single(row => row.Name == "Transaction").Figures!;
        return (figures.Operations, figures.Queries, figures.Writes, figures.Others, figures.Transactions, figures.ConnectionErrors);
    }

    private async Task<(string, string)[]> EnvironmentAsync(string driver) =>
    [
        ("MEASURED_DRIVER", driver),
        ("MEASURED_CONNECTION_STRING", driver switch
        {
            "postgresql" => await PostgreSqlAsync(),
            "mysql" => await MySqlAsync(),
            _ => await SqliteAsync(),
        }),
    ];

    private async Task<string> SqliteAsync()
    {
        var text = $"Data Source={Path.Combine(_folder.FullName, $"{Guid.NewGuid():N}.db")};Default Timeout=60";
        await using var connection = new SqliteConnection(text);
        await connection.OpenAsync(CancellationToken);
        await using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE note (text varchar(200))";
        await command.ExecuteNonQueryAsync(CancellationToken);
        return text;
    }

    private async Task<string> MySqlAsync()
    {
        var server = await servers.MySqlAsync();
        var database = $"measured_{Guid.NewGuid():N}";
        await using var admin = new MySqlConnection($"{server};Pooling=False");
        await admin.OpenAsync(CancellationToken);
        await using var command = new MySqlCommand($"CREATE DATABASE {database} CHARACTER SET utf8mb4; CREATE TABLE {database}.note (text varchar(200))", admin);
        await command.ExecuteNonQueryAsync(CancellationToken);
        return $"{server};Database={database}";
    }

    private async Task<string> PostgreSqlAsync()
    {
        var server = await servers.PostgreSqlAsync();
        var database = $"measured_{Guid.NewGuid():N}";
        await using (var admin = new NpgsqlConnection($"{server};Database=postgres;Pooling=False"))
        {
            await admin.OpenAsync(CancellationToken);
            await new NpgsqlCommand($"CREATE DATABASE {database}", admin).ExecuteNonQueryAsync(CancellationToken);
        }

        await using var connection = new NpgsqlConnection($"{server};Database={database};Pooling=False");
        await connection.OpenAsync(CancellationToken);
        await new NpgsqlCommand("CREATE TABLE note (text varchar(200))", connection).ExecuteNonQueryAsync(CancellationToken);
        return $"{server};Database={database}";
    }
}
