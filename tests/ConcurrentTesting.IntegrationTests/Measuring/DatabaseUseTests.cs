using System.Text.Json;
using ConcurrentTesting.IntegrationTests.Samples;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>Whether the tests of a real run used the databases that were made for them.</summary>
public sealed class DatabaseUseTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("database-use-");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Tests_that_read_another_variable_are_told_of_loudly()
    {
        var shared = await SharedAsync();

        using var run = SampleRun.Start(
            ["NUnit"],
            ["--workers", "2", "--test-filter", "FullyQualifiedName~Fines", "--test-environment", "UNRELATED={ConnectionString}"],
            ("ConnectionStrings__Default", $"Data Source={shared};Pooling=False"));
        var outcome = await run.EndAsync(CancellationToken);

        outcome.Output.ShouldContain("  WARNING    NO TEST USED ITS DATABASE");
        outcome.Output.ShouldContain($"they connected to {shared} instead");
        Kinds(outcome).ShouldContain("database-unused");
        Uses(outcome).ShouldAllBe(use => use.GetProperty("used").ValueKind == JsonValueKind.False);
        var summary = await File.ReadAllTextAsync(Path.Combine(outcome.Results, "summary.md"), CancellationToken);
        summary.ShouldContain("> NO TEST USED ITS DATABASE");
        var report = await File.ReadAllTextAsync(Path.Combine(outcome.Results, "report.html"), CancellationToken);
        report.ShouldContain("NO TEST USED ITS DATABASE");
    }

    [Theory]
    [InlineData("sqlite", "NUnit")]
    [InlineData("postgresql", "NUnit")]
    [InlineData("postgresql", "XUnit2")]
    public async Task Drivers_and_server_agree_where_the_tests_use_their_databases(string engine, string suite)
    {
        var outcome = await SampleRun.RunAsync(
            [suite], ["--workers", "2", "--test-filter", "FullyQualifiedName~Fines|FullyQualifiedName~Copies", "--test-database", engine, "--test-template", Repository.Schema(engine)], CancellationToken);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        Kinds(outcome).ShouldNotContain("database-unused");
        Kinds(outcome).ShouldNotContain("unseen-work");
        Uses(outcome).ShouldNotBeEmpty();
        Uses(outcome).ShouldAllBe(use => use.GetProperty("used").GetBoolean() && use.GetProperty("connections").GetInt64() > 0);
    }

    private static string[] Kinds(SampleOutcome outcome) => [.. outcome.Run.GetProperty("incidents").EnumerateArray().Select(incident => incident.GetProperty("kind").GetString()!)];

    private static JsonElement[] Uses(SampleOutcome outcome) => [.. outcome.Run.GetProperty("database").GetProperty("uses").EnumerateArray()];

    private async Task<string> SharedAsync()
    {
        var file = Path.Combine(_folder.FullName, "shared.db");
        await using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        await connection.OpenAsync(CancellationToken);
        foreach (var script in Directory.GetFiles(Repository.Schema("sqlite"), "*.sql").Order(StringComparer.Ordinal))
        {
            await using var command = connection.CreateCommand();
            command.CommandText = await File.ReadAllTextAsync(script, CancellationToken);
            await command.ExecuteNonQueryAsync(CancellationToken);
        }

        return file;
    }
}
