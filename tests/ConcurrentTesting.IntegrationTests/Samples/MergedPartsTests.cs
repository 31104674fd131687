using System.Text.Json;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>One plan, two machines, one run: real tests, and processes that play the machines.</summary>
public sealed class MergedPartsTests : IDisposable
{
    // Random data, and a name with a password in it, have to be the same tests on all machines.
    private const string Filter = "FullyQualifiedName~SeedTests|FullyQualifiedName~FineRulePropertyTests|FullyQualifiedName~CardNumberTests";

    private static readonly string[] Suites = ["XUnit2", "NUnit"];

    private readonly string _folder = Directory.CreateTempSubdirectory("merged-parts-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Plan => Path.Combine(_folder, "plan.json");

    private string Parts => Path.Combine(_folder, "parts");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Two_parts_of_a_plan_come_to_one_run()
    {
        (await RunAsync("ConcurrentTestPlan", "--test-shard-count", "2")).ExitCode.ShouldBe(0);
        var parts = new[] { await PartAsync(1), await PartAsync(2) };

        var merged = await RunAsync("ConcurrentTestMerge", "--test-merge", Parts);

        merged.ExitCode.ShouldBe(0, merged.Output);
        Counts(merged.Run).ShouldBe([.. parts.Select(part => Counts(part.Run)).Aggregate((one, other) => [.. one.Zip(other, (left, right) => left + right)])]);
        merged.Run.GetProperty("discovered").GetInt32().ShouldBe(JsonDocument.Parse(await File.ReadAllTextAsync(Plan, Cancellation)).RootElement.GetProperty("tests").GetInt32());
        XDocument.Parse(merged.JUnit).Descendants("testcase").Count().ShouldBe(merged.Tests.Count);
        XDocument.Load(Path.Combine(merged.Results, "test-results.trx")).Descendants().Count(element => element.Name.LocalName == "UnitTestResult").ShouldBe(merged.Tests.Count);
        merged.Run.GetProperty("incidents").EnumerateArray().ShouldBeEmpty();

        Directory.Delete(Path.Combine(Parts, "2"), recursive: true);
        var incomplete = await RunAsync("ConcurrentTestMerge", "--test-merge", Parts);

        incomplete.ExitCode.ShouldBe(2, incomplete.Output);
        incomplete.Reason.ShouldContain("1 of 2 parts is missing: 2");
    }

    private static int[] Counts(JsonElement run) =>
        [.. new[] { "passed", "failed", "skipped" }.Select(name => run.GetProperty("summary").GetProperty(name).GetInt32())];

    private async Task<SampleOutcome> PartAsync(int part)
    {
        var results = Path.Combine(Parts, $"{part}");
        var outcome = await RunAsync("ConcurrentTest", "--workers", "2", "--test-shard", $"{part}/2", "--test-results-directory", results);
        outcome.ExitCode.ShouldBe(0, outcome.Output);
        return outcome with { Results = results, Run = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(results, "run.json"), Cancellation)).RootElement };
    }

    private async Task<SampleOutcome> RunAsync(string target, params string[] arguments)
    {
        string[] command =
        [
            "dotnet", Repository.Build, target, "--root", _folder, "--test-no-build", "--test-projects", .. Suites.Select(suite => Repository.Assembly(suite)), "--test-filter", Filter,
            "--test-database", "sqlite", "--test-template", Repository.Schema("sqlite"), "--test-plan", Plan, .. arguments,
        ];
        using var run = SampleRun.StartIn(_folder, command);
        return await run.EndAsync(Cancellation);
    }
}
