using System.Globalization;
using System.Text.Json;
using ConcurrentTesting.Benchmarks.Soak;

namespace ConcurrentTesting.Benchmarks.Suites;

/// <summary>Runs a made suite by <c>dotnet test</c> and by workers, on a server of the benchmark's own where it needs one.</summary>
/// <param name="server">Null where the suite needs no database.</param>
internal sealed class SuiteRuns(Scenario scenario, GeneratedSuite suite, PostgreSqlServer? server)
{
    private const string DatabaseOfSerial = "serial";

    /// <summary>Makes a suite, measures it and prints its row.</summary>
    public static async Task<bool> IsKeptAsync(Scenario scenario, int rounds, bool isCounting)
    {
        using var suite = await GeneratedSuite.BuildAsync(scenario);
        await using var server = scenario.NeedsDatabase ? await PostgreSqlServer.StartAsync() : null;
        var runs = new SuiteRuns(scenario, suite, server);
        await runs.PrepareAsync();
        var (row, isKept) = await (isCounting ? new WorkerCounts(scenario, runs, rounds).RunAsync() : new Comparison(scenario, runs, rounds).RunAsync());
        Console.WriteLine(row);
        if (!isKept)
            await Console.Error.WriteLineAsync($"{scenario.Name}: {runs.Account}");
        return isKept;
    }

    /// <summary>Forgets how long its tests take.</summary>
    public void ForgetTimings() => File.Delete(Path.Combine(suite.Folder, ".nuke", "temp", "test-timings.json"));

    /// <summary>Makes the database that <c>dotnet test</c> uses.</summary>
    public async Task PrepareAsync()
    {
        if (server is null)
            return;
        await server.ExecuteAsync($"CREATE DATABASE {DatabaseOfSerial}");
        await server.ExecuteAsync(await File.ReadAllTextAsync(suite.Template), DatabaseOfSerial);
    }

    public async Task<MeasuredCommand> SerialAsync()
    {
        IEnumerable<KeyValuePair<string, string>> environment = server is null
            ? []
            : [KeyValuePair.Create("ConnectionStrings__Default", $"{server.ConnectionString};Database={DatabaseOfSerial}")];
        var run = await MeasuredCommand.RunAsync(suite.Folder, environment, "test", suite.Project, "--no-build");
        return run.ExitCode == 0 ? run : throw new InvalidOperationException($"dotnet test ended with {run.ExitCode}: {run.Output}");
    }

    private static bool IsAccount(string line) =>
        line.StartsWith("  Time ", StringComparison.Ordinal) || line.Contains("of tests, lower bound", StringComparison.Ordinal);

    /// <summary>Where the time of the last run by workers went, in its own words.</summary>
    public string Account { get; private set; } = "";

    /// <returns>What it took, and what its tests' phase took.</returns>
    public async Task<(MeasuredCommand Command, double Tests)> WorkersAsync(int workers)
    {
        var (database, environment) = server is null
            ? (new[] { "--test-database", "none", "--test-template", "none" }, Enumerable.Empty<KeyValuePair<string, string>>())
            : (["--test-database", "postgresql", "--test-template", suite.Template], [KeyValuePair.Create("NUKE_TEST_CONNECTION_STRING", server.ConnectionString)]);
        var run = await MeasuredCommand.RunAsync(
            suite.Folder, environment,
            [
                Path.Combine(GeneratedSuite.Root, "build", "bin", "Debug", "_build.dll"), "ConcurrentTest", "--root", suite.Folder, "--test-no-build",
                "--workers", workers.ToString(CultureInfo.InvariantCulture), .. database, "--test-projects", suite.Project,
            ]);
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"ConcurrentTest ended with {run.ExitCode}: {run.Output}");
        Account = string.Join(" /", run.Output.Split('\n').Where(IsAccount));
        await using var file = File.OpenRead(Path.Combine(suite.Folder, "artifacts", "test-results", "run.json"));
        using var document = await JsonDocument.ParseAsync(file);
        var passed = document.RootElement.GetProperty("tests").EnumerateArray().Count(test => test.GetProperty("outcome").GetString() == "Passed");
        if (passed != scenario.Tests)
            throw new InvalidOperationException($"{passed} of {scenario.Tests} tests passed.");
        return (run, document.RootElement.GetProperty("phases").GetProperty("tests").GetDouble());
    }
}
