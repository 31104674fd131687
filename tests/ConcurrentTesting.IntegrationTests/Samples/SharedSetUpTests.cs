using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Suites whose classes all share one set-up: real runs spread them over the workers, and every test passes as it does in a serial run.</summary>
public sealed class SharedSetUpTests : IDisposable
{
    private const int TestsOfASuite = 32;

    private readonly TroubledSuite _folder = new();

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_kind_of_shared_set_up_is_spread_and_every_test_passes_once_with_and_without_timings()
    {
        // Long enough for every worker to join before one of them has run a whole suite.
        var delay = ("SHARED_SETUP_DELAY", "150");
        var first = await RunAsync("--workers 4", Repository.SharedSetUps, delay);
        var second = await RunAsync("--workers 4", Repository.SharedSetUps, delay);

        foreach (var outcome in new[] { first, second })
        {
            outcome.ExitCode.ShouldBe(0, outcome.Output);
            outcome.Tests.Count.ShouldBe(TestsOfASuite * Repository.SharedSetUps.Length);
            outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed" && test.Attempts == 1);
        }

        foreach (var suite in first.Tests.Select(test => test.Suite).Distinct())
            WorkersOf(first, suite).Count.ShouldBeGreaterThan(1, suite);
        first.Incidents.Count(kind => kind == "guard-split").ShouldBe(1);
        first.Output.ShouldContain("the assembly-wide collection of SharedSetUp.Assembly has no fixture and runs on 4 workers; if it guards more than the database: --test-together SharedSetUp.Assembly");
        var assemblies = JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(second.Results, "timings.json"), CancellationToken))!["assemblies"]!.AsObject();
        assemblies["SharedSetUp.Collection (net10.0)"]!["setUps"]!["collection Season"]!["samples"]!.GetValue<int>().ShouldBeGreaterThan(0);
    }

    [Theory]
    [InlineData("--test-together Season", "all tests of collection Season stay together (--test-together)")]
    [InlineData("--test-granularity collection", "all tests of collection Season stay together (--test-granularity collection)")]
    public async Task What_the_user_keeps_together_runs_on_one_worker_and_idle_ones_are_told_why(string arguments, string cause)
    {
        var outcome = await RunAsync($"--workers 2 {arguments}", Repository.SharedSetUp("Collection"));

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        WorkersOf(outcome, "SharedSetUp.Collection").ShouldHaveSingleItem();
        outcome.Output.ShouldContain($"  Idle       1 of 2 workers: {cause}");
    }

    [Fact]
    public async Task A_name_to_keep_together_that_is_not_there_is_a_wrong_setting()
    {
        var outcome = await RunAsync("--workers 2 --test-together Sesaon", Repository.SharedSetUp("Collection"));

        outcome.ExitCode.ShouldBe(4, outcome.Output);
        outcome.Output.ShouldContain("--test-together Sesaon: no collection, class or namespace of the tests has this name; did you mean Season?");
    }

    [Fact]
    public async Task A_suite_that_does_not_use_its_databases_keeps_its_collections_together_from_the_next_run_on_until_it_does()
    {
        var shared = Path.Combine(_folder.Folder, "shared.db");
        var elsewhere = await RunAsync("--workers 2 --test-granularity collection --test-environment UNRELATED={ConnectionString}", Repository.SharedSetUp("Collection"), ("ConnectionStrings__Default", $"Data Source={shared}"));
        elsewhere.Incidents.ShouldContain("database-unused");

        (await TimingsAsync()).ShouldContain("\"databaseUnused\": true");

        var next = await RunAsync("--workers 2", Repository.SharedSetUp("Collection"));

        WorkersOf(next, "SharedSetUp.Collection").ShouldHaveSingleItem();
        next.Output.ShouldContain("all tests of collection Season stay together (the tests did not use their workers' databases last time");
        (await TimingsAsync()).ShouldNotContain("databaseUnused");
    }

    [Fact]
    public async Task A_port_that_a_split_collection_shares_is_told_with_what_keeps_it_together()
    {
        var port = ("SHARED_SETUP_PORT", FreePort());

        var split = await RunAsync("--workers 4", Repository.SharedSetUp("Assembly"), port);

        split.ExitCode.ShouldBe(1, split.Output);
        split.Incidents.ShouldContain("guard-suspected");
        split.Output.ShouldContain("Address already in use");
        split.Output.ShouldContain("the assembly-wide collection of SharedSetUp.Assembly has no fixture and ran on 4 workers; if it guards more than the database: --test-together SharedSetUp.Assembly");

        var together = await RunAsync("--workers 4 --test-together SharedSetUp.Assembly", Repository.SharedSetUp("Assembly"), port);

        together.ExitCode.ShouldBe(0, together.Output);
        together.Tests.Count.ShouldBe(TestsOfASuite);
    }

    private static string FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
    }

    private Task<string> TimingsAsync() => File.ReadAllTextAsync(Path.Combine(_folder.Results, "timings.json"), CancellationToken);

    private async Task<SampleOutcome> RunAsync(string arguments, string suite, params (string Name, string Value)[] variables) => await RunAsync(arguments, [suite], variables);

    private async Task<SampleOutcome> RunAsync(string arguments, string[] suites, params (string Name, string Value)[] variables)
    {
        using var run = SampleRun.StartIn(_folder.Folder, suites, [.. arguments.Split(' '), "--test-database", "sqlite", "--test-template", _folder.Template], [("SHARED_SETUP_DELAY", "50"), .. variables]);
        return await run.EndAsync(CancellationToken);
    }

    private static HashSet<int> WorkersOf(SampleOutcome outcome, string suite) =>
        [.. outcome.Run.GetProperty("tests").EnumerateArray().Where(test => test.GetProperty("assembly").GetString() == suite && test.GetProperty("worker").ValueKind == JsonValueKind.Number).Select(test => test.GetProperty("worker").GetInt32())];
}
