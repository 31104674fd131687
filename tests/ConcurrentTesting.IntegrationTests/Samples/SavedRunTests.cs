using System.Text.Json.Nodes;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Reports that are made from what a run wrote down.</summary>
public sealed class SavedRunTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_killed_run_gets_its_reports_from_its_journal()
    {
        using var run = SampleRun.Start(["XUnit3"], ["--workers", "1", "--test-filter", "FullyQualifiedName~Never_ends|FullyQualifiedName~Reservations"], ("SAMPLE_HANG", "1"));
        await run.UntilAsync(
            () => Lines(run.Journal).Any(line => line.Contains("\"test-started\"", StringComparison.Ordinal) && line.Contains("Never_ends", StringComparison.Ordinal)),
            "the test that never ends was written to have begun", Cancellation);
        await SampleRun.SignalAsync(run.ProcessId, "KILL", Cancellation);
        await run.EndAsync(Cancellation);

        using var again = SampleRun.StartIn(run.Folder, ["XUnit3"], ["--test-report-from", run.Results]);
        var outcome = await again.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(2, outcome.Output);
        outcome.Reason.ShouldStartWith("The run's process was ended before the run was over", customMessage: outcome.Output);
        outcome.Incidents.ShouldContain("run-killed");
        outcome.Test("Never_ends_when_asked_to").Outcome.ShouldBe("Error");
        outcome.Tests.Count.ShouldBe(outcome.Run.GetProperty("discovered").GetInt32());
        XDocument.Parse(outcome.JUnit).Descendants("testcase").Count().ShouldBe(outcome.Tests.Count);
        File.Exists(Path.Combine(run.Results, "report.html")).ShouldBeTrue();
    }

    [Fact]
    public async Task Reports_of_a_finished_run_are_made_again_as_they_were()
    {
        using var run = SampleRun.Start(["XUnit2"], ["--workers", "2", "--test-filter", "FullyQualifiedName~Copies|FullyQualifiedName~Titles"]);
        await run.EndAsync(Cancellation);
        var first = Reports(run.Results);
        var run1 = RunJson(run.Results);

        using var again = SampleRun.StartIn(run.Folder, ["XUnit2"], ["--test-report-from", run.Results]);
        var outcome = await again.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        Reports(run.Results).ShouldBe(first);
        JsonNode.DeepEquals(RunJson(run.Results), run1).ShouldBeTrue(Different(run1, RunJson(run.Results)));
    }

    private static (string JUnit, string Summary, string Counters) Reports(string results) =>
    (
        File.ReadAllText(Path.Combine(results, "junit.xml")),
        File.ReadAllText(Path.Combine(results, "summary.md")),
        XDocument.Load(Path.Combine(results, "test-results.trx")).Descendants().Single(element => element.Name.LocalName == "Counters").ToString());

    private static JsonNode RunJson(string results) => JsonNode.Parse(File.ReadAllText(Path.Combine(results, "run.json")))!;

    private static string Different(JsonNode first, JsonNode second) => string.Join('\n', first.AsObject()
        .Where(property => !JsonNode.DeepEquals(property.Value, second[property.Key])).Select(property => $"{property.Key}: {property.Value} | {second[property.Key]}"));

    private static string[] Lines(string journal)
    {
        if (!File.Exists(journal))
            return [];
        using var reader = new StreamReader(new FileStream(journal, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Split('\n');
    }
}
