using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>What a run takes from an earlier one: what failed, and the order in which it ran.</summary>
public sealed class EarlierRunTests : IDisposable
{
    private readonly TroubledSuite _suite = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _suite.Dispose();

    [Fact]
    public async Task Only_what_failed_last_runs_again_and_a_muted_failure_is_neither_failed_nor_forgotten()
    {
        var quarantine = _suite.Write("quarantine.json", """[{ "test": "Troubled.Rows03.Row", "reason": "being mended", "expires": "2999-12-31" }]""");
        const string Two = "--workers 2 --test-filter FullyQualifiedName~Rows0 --test-quarantine ";

        var first = await _suite.RunAsync(Two + quarantine, Cancellation, "FAIL=Rows01:1 Rows02:3 Rows03:2");
        first.ExitCode.ShouldBe(1, first.Output);
        first.Tests.Where(test => test.Outcome == "Failed").Select(test => (test.ClassName, test.Name)).ShouldBe([("Troubled.Rows01", "Row(number: 1)"), ("Troubled.Rows02", "Row(number: 3)")], ignoreOrder: true);
        first.Tests.Single(test => test.Outcome == "Skipped").ShouldSatisfyAllConditions(test => test.ClassName.ShouldBe("Troubled.Rows03"), test => test.Name.ShouldBe("Row(number: 2)"));
        first.JUnit.ShouldContain("being mended");

        var mended = await _suite.RunAsync("--workers 2 --test-only-failed", Cancellation);
        mended.ExitCode.ShouldBe(0, mended.Output);
        mended.Tests.Select(test => (test.ClassName, test.Name, test.Outcome)).ShouldBe(
            [("Troubled.Rows01", "Row(number: 1)", "Passed"), ("Troubled.Rows02", "Row(number: 3)", "Passed"), ("Troubled.Rows03", "Row(number: 2)", "Passed")], ignoreOrder: true);

        var nothing = await _suite.RunAsync("--workers 2 --test-only-failed", Cancellation);
        nothing.ExitCode.ShouldBe(0, nothing.Output);
        nothing.Tests.ShouldBeEmpty();
        nothing.Reason.ShouldContain("Nothing failed last");
    }

    [Fact]
    public async Task An_expired_quarantine_mutes_nothing_and_is_told()
    {
        var quarantine = _suite.Write("quarantine.json", """[{ "test": "Troubled.Rows03.Row(number: 2)", "reason": "being mended", "expires": "2020-12-31" }]""");

        var outcome = await _suite.RunAsync($"--workers 1 --test-filter FullyQualifiedName~Rows03 --test-quarantine {quarantine}", Cancellation, "FAIL=Rows03:2");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Test("Row(number: 2)").Outcome.ShouldBe("Failed");
        outcome.Incidents.ShouldContain("quarantine-expired");
    }

    [Fact]
    public async Task A_failure_that_depends_on_the_order_is_replayed_also_by_its_worker_alone_and_bisected_to_its_cause()
    {
        const string Filter = "--test-filter FullyQualifiedName~OrderTests|FullyQualifiedName~Rows0";
        var first = await _suite.RunAsync($"--workers 3 {Filter}", Cancellation, "ORDER=1");
        first.ExitCode.ShouldBe(1, first.Output);
        var victim = first.Tests.Single(test => test.Outcome == "Failed");
        var worker = Worker(first, victim);
        var order = Order(first);
        var kept = Path.Combine(_suite.Folder, "kept.json");
        File.Copy(Path.Combine(_suite.Results, "run.json"), kept);

        var replayed = await _suite.RunAsync($"{Filter} --test-replay {kept}", Cancellation, "ORDER=1");
        replayed.ExitCode.ShouldBe(1, replayed.Output);
        replayed.Tests.Single(test => test.Outcome == "Failed").Name.ShouldBe(victim.Name);
        string.Join('\n', Order(replayed)).ShouldBe(string.Join('\n', order));

        var alone = await _suite.RunAsync($"{Filter} --test-replay {kept} --test-replay-worker {worker}", Cancellation, "ORDER=1");
        alone.ExitCode.ShouldBe(1, alone.Output);
        alone.Tests.Single(test => test.Outcome == "Failed").Name.ShouldBe(victim.Name);
        Order(alone).ShouldBe(order.Where(test => test.Worker == worker));

        var bisected = await _suite.RunAsync($"{Filter} --test-replay {kept} --test-bisect Troubled.OrderTests.{victim.Name} --test-fail-fast 1", Cancellation, "ORDER=1");
        var culprit = victim.Name == "Romeo" ? "Juliet" : "Romeo";
        bisected.ExitCode.ShouldBe(0, bisected.Output);
        bisected.Output.ShouldContain($"{victim.Name} fails when Troubled.OrderTests.{culprit} ran before it");
    }

    [Fact]
    public async Task A_replay_without_the_worker_and_a_bisection_without_the_test_are_refused_by_name()
    {
        var first = await _suite.RunAsync("--workers 1 --test-filter FullyQualifiedName~Rows03", Cancellation);
        first.ExitCode.ShouldBe(0, first.Output);
        var kept = Path.Combine(_suite.Folder, "kept.json");
        File.Copy(Path.Combine(_suite.Results, "run.json"), kept);

        var noWorker = await _suite.RunAsync($"--test-replay {kept} --test-replay-worker 7", Cancellation);
        noWorker.ExitCode.ShouldBe(4, noWorker.Output);
        noWorker.Output.ShouldContain("--test-replay-worker 7");

        var noTest = await _suite.RunAsync($"--test-replay {kept} --test-bisect Troubled.Nobody", Cancellation);
        noTest.ExitCode.ShouldBe(4, noTest.Output);
        noTest.Output.ShouldContain("--test-bisect Troubled.Nobody");
        noTest.Output.ShouldContain("stays as it is");
        File.ReadAllText(Path.Combine(_suite.Results, "run.json")).ShouldBe(File.ReadAllText(kept));
    }

    [Fact]
    public async Task A_run_that_comes_to_no_test_says_so_in_its_artifacts_and_keeps_what_the_last_one_knew()
    {
        var first = await _suite.RunAsync("--workers 1 --test-filter FullyQualifiedName~Rows03", Cancellation);
        first.ExitCode.ShouldBe(0, first.Output);
        var mine = Path.Combine(Directory.CreateDirectory(Path.Combine(_suite.Results, "worker-0", "src")).FullName, "Mine.cs");
        File.WriteAllText(mine, "class Mine;");

        var nothing = await _suite.RunAsync("--workers 1 --test-filter FullyQualifiedName~NoSuchTest", Cancellation);
        nothing.ExitCode.ShouldBe(2, nothing.Output);
        File.ReadAllText(Path.Combine(_suite.Results, "junit.xml")).ShouldContain("errors=\"1\"");
        Directory.EnumerateFiles(_suite.Results, "*.trx", SearchOption.AllDirectories).ShouldHaveSingleItem();

        var again = await _suite.RunAsync("--workers 1 --test-only-failed", Cancellation);
        again.ExitCode.ShouldBe(0, again.Output);
        again.Output.ShouldContain("there is nothing to run again");
        File.Exists(mine).ShouldBeTrue();
    }

    private static int Worker(SampleOutcome outcome, RanTest test) =>
        outcome.Run.GetProperty("tests").EnumerateArray().Single(ran => ran.GetProperty("class").GetString() == test.ClassName && ran.GetProperty("name").GetString() == test.Name).GetProperty("worker").GetInt32();

    /// <summary>Every test in the order in which its worker ran it.</summary>
    private static List<(int Worker, string Test)> Order(SampleOutcome outcome) =>
        [.. outcome.Run.GetProperty("tests").EnumerateArray()
            .Select(test => (Worker: test.GetProperty("worker").GetInt32(), Batch: test.GetProperty("attempts")[0].GetProperty("batch").GetInt32(), StartedAt: test.GetProperty("startedAt").GetDateTimeOffset(), Test: $"{test.GetProperty("class")}.{test.GetProperty("name")}"))
            .OrderBy(test => test.Worker).ThenBy(test => test.Batch).ThenBy(test => test.StartedAt)
            .Select(test => (test.Worker, test.Test))];
}
