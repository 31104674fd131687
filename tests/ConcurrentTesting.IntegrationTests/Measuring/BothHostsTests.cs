using System.Text.Json;
using ConcurrentTesting.IntegrationTests.Samples;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>The suites that say in each test's name what it does, in whole runs: what a test is said to have done does not depend on what started its process.</summary>
public sealed class BothHostsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("measured-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Every_test_has_exactly_the_work_that_its_name_says_whatever_starts_its_process()
    {
        string[] frameworks = ["XUnit2", "XUnit3", "NUnit", "MSTest"];
        var suites = frameworks.Select(MeasuredSuite.AssemblyOf).ToList();
        var counted = new List<List<string>>();
        foreach (var host in new[] { Hosts.Direct, Hosts.Console })
        {
            var connectionString = $"Data Source={Path.Combine(_folder, host)}.db;Default Timeout=60";
            await CreateTableAsync(connectionString);
            using var run = SampleRun.StartIn(
                _folder, suites, ["--workers", "1", "--test-host", host, "--test-database", "none", "--test-template", "none"],
                ("MEASURED_DRIVER", "sqlite"), ("MEASURED_CONNECTION_STRING", connectionString));
            var outcome = await run.EndAsync(Cancellation);

            var rows = outcome.Run.GetProperty("tests").EnumerateArray().Select(RowOf).ToList();
            rows.Where(row => !row.IsExact).Select(row => $"{host}: {row.ClassName}.{row.Name} {row.Counted}").ShouldBeEmpty();
            rows.Count(row => row.Expected is not null && row.Outcome == "Passed").ShouldBeGreaterThan(400);
            counted.Add([.. rows.Where(row => row.Expected is not null).Select(row => $"{row.ClassName}.{row.Name} {row.Outcome} {row.Counted}").Order(StringComparer.Ordinal)]);
        }

        counted[0].ShouldBe(counted[1]);
    }

    private static async Task CreateTableAsync(string connectionString)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = connection.CreateCommand();
        command.CommandText = "CREATE TABLE note (text varchar(200))";
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static MeasuredRow RowOf(JsonElement test) => new(
        test.GetProperty("class").GetString()!, test.GetProperty("name").GetString()!, test.GetProperty("outcome").GetString()!,
        Number(test, "reads") is null && Number(test, "operations") is null ? null : new Figures(
            Number(test, "operations"), Number(test, "queries"), Number(test, "reads"), Number(test, "writes"), Number(test, "others"),
            null, null, null, null, null, null, null, null));

    private static long? Number(JsonElement test, string name) => test.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetInt64() : null;
}
