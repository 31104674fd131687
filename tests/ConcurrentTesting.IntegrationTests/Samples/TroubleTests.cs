using System.Diagnostics;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Real trouble in real runs: the verdict stays true, every test stays accounted for, and nothing is left.</summary>
public sealed class TroubleTests
{
    public static TheoryData<string, string> Suites => Hosts.With("XUnit2", "XUnit3", "NUnit", "MSTest");

    public static TheoryData<string> BothHosts => Hosts.Both;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task A_failing_test_fails_the_run_and_is_told_once_with_its_line(string suite, string host)
    {
        var outcome = await SampleRun.RunAsync([suite], ["--workers", "2", "--test-host", host, "--test-filter", "FullyQualifiedName~Trouble"], Cancellation, ("SAMPLE_FAIL", "1"));

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Test("Fails_when_asked_to").Outcome.ShouldBe("Failed");
        outcome.Output.Split("SAMPLE_FAIL asks for it").Length.ShouldBe(2, outcome.Output);
        outcome.Output.ShouldContain("TroubleTests.cs:");
        outcome.Output.ShouldNotContain("at Nuke.");
        outcome.Output.ShouldNotContain("has thrown an exception");
        outcome.Output.Split('\n')[^1].ShouldMatch(@"^\d+ passed, 1 failed, \d+ skipped$");
    }

    [Theory]
    [MemberData(nameof(Suites))]
    public async Task A_test_that_ends_its_process_has_failed_and_the_others_have_their_results(string suite, string host)
    {
        var outcome = await SampleRun.RunAsync([suite], ["--workers", "2", "--test-host", host, "--test-filter", "FullyQualifiedName~Trouble|FullyQualifiedName~Fragile"], Cancellation, ("SAMPLE_CRASH", "1"));

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Test("Ends_its_process_when_asked_to").Outcome.ShouldBe("Failed");
        var others = outcome.Tests.Where(test => test.Name != "Ends_its_process_when_asked_to").ToList();
        others.Count.ShouldBeGreaterThanOrEqualTo(outcome.Run.GetProperty("discovered").GetInt32() - 1);
        others.ShouldAllBe(test => test.Outcome == "Passed" || test.Outcome == "Skipped");
    }

    [Theory]
    [InlineData(Hosts.Direct, "XUnit2", "XUnit3", "NUnit", "MSTest")]
    [InlineData(Hosts.Console, "XUnit2", "XUnit3")]
    public async Task A_test_that_never_ends_times_out_and_the_others_have_their_results(string host, params string[] suites)
    {
        // In several suites at once: a time-out takes its time. The next suite on a worker finds nothing that a test has left which was ended.
        var outcome = await SampleRun.RunAsync(suites, ["--workers", "4", "--test-host", host, "--test-timeout", "12s", "--test-filter", "FullyQualifiedName~Trouble|FullyQualifiedName~Fragile"], Cancellation, ("SAMPLE_HANG", "1"));

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        var timedOut = outcome.Tests.Where(test => test.Outcome == "TimedOut").ToList();
        timedOut.ShouldAllBe(test => test.Name == "Never_ends_when_asked_to");
        timedOut.Select(test => test.Suite).Distinct().Count().ShouldBe(suites.Length, outcome.Output);
        outcome.Tests.Count(test => test.Outcome is not ("Passed" or "Skipped")).ShouldBe(suites.Length, outcome.Output);
        outcome.Tests.Count.ShouldBeGreaterThanOrEqualTo(outcome.Run.GetProperty("discovered").GetInt32());
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task A_rerun_that_passes_makes_a_test_flaky_not_failed(string host)
    {
        var outcome = await SampleRun.RunAsync(["XUnit2", "NUnit"], ["--workers", "2", "--test-host", host, "--test-reruns", "1", "--test-filter", "FullyQualifiedName~Trouble"], Cancellation, ("SAMPLE_FLAKY", "1"));

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        var flaky = outcome.Tests.Where(test => test.Name == "Fails_the_first_time_when_asked_to").ToList();
        flaky.Count.ShouldBe(2);
        flaky.ShouldAllBe(test => test.Outcome == "Passed" && test.Attempts == 2);
        outcome.JUnit.ShouldContain("<flakyFailure");
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task A_test_that_prints_ten_megabytes_is_a_test_like_any_other(string host)
    {
        var outcome = await SampleRun.RunAsync(["XUnit2", "MSTest"], ["--workers", "2", "--test-host", host, "--test-filter", "FullyQualifiedName~Trouble"], Cancellation, ("SAMPLE_CHATTY", "1"));

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.JUnit.Length.ShouldBeInRange(1_000, 1_000_000);
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task A_test_host_that_dies_while_it_discovers_is_tried_once_more(string host)
    {
        using var run = SampleRun.Start(["NUnit"], ["--workers", "2", "--test-host", host, "--test-filter", "FullyQualifiedName~Trouble"]);
        // The first of a run discovers.
        await SampleRun.SignalAsync(await run.DescendantAsync("testhost", Cancellation), "KILL", Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Output.ShouldContain(
            host == "direct" ? "its test host could not be asked for its tests, so vstest.console is asked" : "the test host died while it discovered tests; it is tried once more");
    }

    [Theory]
    [InlineData("vstest.console.dll", "console")]
    [InlineData("testhost", "console")]
    [InlineData("testhost", "direct")]
    public async Task A_killed_process_costs_no_test(string victim, string host)
    {
        using var suite = new TroubledSuite();
        using var run = suite.Start($"--workers 4 --test-host {host} --test-filter {TroubledSuite.RowsOnly}", "HANG_ONCE=Rows50:2");
        var testHost = await suite.ProcessOfAsync(run, "HANG_ONCE", "Rows50:2", Cancellation);
        var process = victim == "testhost" ? testHost : ProcessTree.ParentOf(testHost)!.Value;
        ProcessTree.CommandLine(process).ShouldContain(victim);
        await SampleRun.SignalAsync(process, "KILL", Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
        outcome.Run.GetProperty("batches").EnumerateArray().Count(batch => batch.GetProperty("error").ValueKind == System.Text.Json.JsonValueKind.String).ShouldBe(1, outcome.Output);
    }

    [Theory]
    [InlineData("INT", false, Hosts.Direct)]
    [InlineData("INT", true, Hosts.Direct)]
    [InlineData("TERM", false, Hosts.Direct)]
    [InlineData("TERM", true, Hosts.Direct)]
    [InlineData("INT", true, Hosts.Console)]
    [InlineData("TERM", false, Hosts.Console)]
    public async Task A_signal_ends_the_run_soon_with_its_artifacts_and_nothing_left(string signal, bool toWholeGroup, string host)
    {
        using var run = SampleRun.Start(["XUnit2", "XUnit3"], ["--workers", "4", "--test-host", host]);
        await run.SeenAsync("Progress:", Cancellation);
        var below = ProcessTree.Below(run.ProcessId).ToList();
        var databases = below.Select(id => ProcessTree.Variable(id, "CONCURRENT_TEST_DATABASE")).Where(File.Exists).ToList();
        databases.ShouldNotBeEmpty();
        var watch = Stopwatch.StartNew();
        await (toWholeGroup ? run.SignalGroupAsync(signal, Cancellation) : SampleRun.SignalAsync(run.ProcessId, signal, Cancellation));

        var outcome = await run.EndAsync(Cancellation);

        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(15), outcome.Output);
        outcome.ExitCode.ShouldBe(130, outcome.Output);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed" || test.Outcome == "Skipped");
        outcome.Run.GetProperty("exitCode").GetInt32().ShouldBe(130);
        below.Where(id => ProcessTree.CommandLine(id).Length > 0).ShouldBeEmpty();
        databases.Where(database => Directory.Exists(Path.GetDirectoryName(database))).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task Fail_fast_skips_what_did_not_run_and_says_why(string host)
    {
        // Whatever their order, one of ten classes soon fails, long before the last.
        using var suite = new TroubledSuite();
        var failing = string.Join(' ', Enumerable.Range(0, 10).Select(ten => $"Rows{ten}5:1"));
        var outcome = await suite.RunAsync($"--workers 1 --test-host {host} --test-fail-fast 1 --test-filter {TroubledSuite.RowsOnly}", Cancellation, $"FAIL={failing}", "DELAY=50");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Count(test => test.Outcome == "Failed").ShouldBe(1);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.Tests.Count(test => test.Outcome == "Skipped").ShouldBePositive();
        outcome.JUnit.ShouldContain("--test-fail-fast");
    }
}
