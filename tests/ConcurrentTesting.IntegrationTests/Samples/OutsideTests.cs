using System.Text.Json;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>What belongs to no test's result and makes <c>dotnet test</c> red all the same, and rows that a process took along.</summary>
public sealed class OutsideTests
{
    private const string Rows = "--workers 1 --test-filter FullyQualifiedName~Outside.UnknownRows";
    private const string Cleaned = "--workers 1 --test-filter FullyQualifiedName~Outside.CleanedBy";

    private static readonly string[] AllFrameworks = ["Troubled.XUnit2", "Troubled.XUnit3", "Troubled.NUnit", "Troubled.MSTest"];

    public static TheoryData<string> BothHosts => Hosts.Both;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Troubled.XUnit2", "failfast", Hosts.Direct)]
    [InlineData("Troubled.XUnit2", "kill", Hosts.Direct)]
    [InlineData("Troubled.XUnit3", "exit", Hosts.Direct)]
    [InlineData("Troubled.XUnit3", "kill", Hosts.Direct)]
    [InlineData("Troubled.XUnit2", "failfast", Hosts.Console)]
    [InlineData("Troubled.XUnit3", "exit", Hosts.Console)]
    public async Task Row_that_ends_its_process_keeps_the_rows_before_it(string suite, string end, string host)
    {
        using var troubled = new TroubledSuite(suite);

        var outcome = await troubled.RunAsync($"{Rows} --test-host {host}", Cancellation, $"ROW_END={end}", "END_DELAY=1000");

        // Rows are told on another thread than they run on: before its end, the seventh gives those before it a second to be sent.
        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Select(test => test.Outcome).Order().ToList().ShouldBe(["Failed", .. Enumerable.Repeat("Passed", 6)], customMessage: outcome.Output);
        outcome.JUnit.ShouldContain("6 rows arrived before the process died");
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task Row_that_hangs_times_out_and_the_rows_before_it_keep_their_results(string host)
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync($"{Rows} --test-host {host} --test-timeout 12s", Cancellation, "ROW_END=hang");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Select(test => test.Outcome).Order().ShouldBe(["Passed", "Passed", "Passed", "Passed", "Passed", "Passed", "TimedOut"]);
        outcome.JUnit.ShouldContain("6 rows arrived before");
    }

    [Theory]
    [InlineData("Troubled.XUnit2", Hosts.Direct)]
    [InlineData("Troubled.MSTest", Hosts.Direct)]
    [InlineData("Troubled.MSTest", Hosts.Console)]
    public async Task Process_that_is_killed_between_rows_once_costs_no_row(string suite, string host)
    {
        using var troubled = new TroubledSuite(suite);

        var outcome = await troubled.RunAsync($"{Rows} --test-host {host}", Cancellation, "ROW_END=kill-once");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Count.ShouldBe(12);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
        Outside(outcome).ShouldBeEmpty();
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task Process_that_ended_itself_once_is_the_failure_where_everything_it_left_passes(string host)
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync($"{Rows} --test-host {host}", Cancellation, "ROW_END=abort-once");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Output.ShouldEndWith("12 passed, 1 failed, 0 skipped");
        Outside(outcome).ShouldHaveSingleItem().ShouldStartWith("process-end: The test process of Troubled.XUnit2 (net10.0) ended itself while it ran Troubled.Outside.UnknownRows.Row: SIGABRT");
        outcome.JUnit.ShouldContain("ended itself");
    }

    [Fact]
    public async Task Process_that_ended_itself_once_is_flaky_where_tests_may_be_rerun()
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync($"{Rows} --test-reruns 1", Cancellation, "ROW_END=exit-once");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Run.GetProperty("summary").GetProperty("flaky").GetInt32().ShouldBe(1);
        outcome.Run.GetProperty("outside")[0].GetProperty("flaky").GetBoolean().ShouldBeTrue();
    }

    [Theory]
    [InlineData("exit", "Troubled.XUnit2", "Troubled.MSTest", "it exited", Hosts.Direct)]
    [InlineData("thread", "Troubled.XUnit2", "Troubled.NUnit", "an exception that nobody handled", Hosts.Direct)]
    [InlineData("exit", "Troubled.XUnit2", "Troubled.MSTest", "it exited", Hosts.Console)]
    [InlineData("thread", "Troubled.XUnit2", "Troubled.NUnit", "an exception that nobody handled", Hosts.Console)]
    public async Task Process_that_ends_itself_in_a_clean_up_is_a_failure(string end, string suite, string laterSuite, string how, string host)
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync([suite, laterSuite], $"{Cleaned}Class --test-host {host}", Cancellation, $"LATE_END={end}");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        Outside(outcome).Where(failure => failure.Contains(suite, StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldStartWith("process-end: ");
        outcome.Tests.Single(test => test.Suite.StartsWith(suite, StringComparison.Ordinal)).Outcome.ShouldBe("Passed");
        // The other adapter tells its last result beside the clean-up or after it: its test fails, or its process does.
        var later = outcome.Tests.Single(test => test.Suite.StartsWith(laterSuite, StringComparison.Ordinal));
        (later.Outcome == "Failed").ShouldNotBe(Outside(outcome).Any(failure => failure.Contains(laterSuite, StringComparison.Ordinal)), outcome.Output);
        outcome.JUnit.ShouldContain(how);
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task Process_of_xunit_v3_that_ends_itself_after_its_last_test_is_a_failure(string host)
    {
        using var troubled = new TroubledSuite("Troubled.XUnit3");

        var outcome = await troubled.RunAsync($"{Cleaned}Class --test-host {host}", Cancellation, "LATE_END=failfast");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        Outside(outcome).ShouldHaveSingleItem().ShouldStartWith("process-end: ");
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task Clean_up_that_throws_is_one_failure_in_every_report(string host)
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync(AllFrameworks, $"{Cleaned} --test-host {host}", Cancellation, "CLEANUP=class collection assembly namespace");

        string[] names =
        [
            "Class clean-up Troubled.Outside.CleanedByClass",
            "Collection clean-up Cleaned",
            "Class clean-up Troubled.Outside.CleanedByClass",
            "Collection clean-up Cleaned",
            "Assembly clean-up Troubled.XUnit3",
            "Tear-down Troubled.Outside.CleanedByClass",
            "Tear-down Troubled.Outside.AllOfThem",
            "Class clean-up CleanedByClass.CleanUp",
            "Assembly clean-up CleanedByClass.CleanUpAll",
        ];
        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
        outcome.Tests.Count.ShouldBe(outcome.Run.GetProperty("discovered").GetInt32());
        outcome.Output.ShouldEndWith($"{outcome.Tests.Count} passed, {names.Length} failed, 0 skipped");
        Outside(outcome).ShouldAllBe(failure => failure.Contains("TROUBLED_CLEANUP asks for it."));
        outcome.Run.GetProperty("outside").EnumerateArray().Select(failure => Text(failure, "name")).ShouldBe(names, ignoreOrder: true);
        foreach (var report in new[] { "junit.xml", "test-results.trx", "summary.md", "report.html" })
        {
            var text = await File.ReadAllTextAsync(Path.Combine(outcome.Results, report), Cancellation);
            foreach (var name in names)
                text.ShouldContain(name, customMessage: report);
        }

        foreach (var name in names)
            outcome.Output.ShouldContain($"FAIL  {name}");
    }

    [Theory]
    [MemberData(nameof(BothHosts))]
    public async Task Clean_up_that_the_infrastructure_failed_is_tried_again_with_its_class(string host)
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync(
            AllFrameworks, $"{Cleaned}Class --test-host {host} --test-retry-delay 10ms", Cancellation, "CLEANUP_INFRASTRUCTURE=Troubled.XUnit2 Troubled.XUnit3 Troubled.NUnit Troubled.MSTest");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        Outside(outcome).ShouldBeEmpty();
        outcome.Incidents.Count(kind => kind == "cleanup-retried").ShouldBe(4);
        outcome.Tests.Select(test => test.Attempts).ShouldBe([2, 2, 2, 2]);
    }

    [Fact]
    public async Task Classes_whose_clean_up_threw_are_part_of_what_failed_last()
    {
        using var troubled = new TroubledSuite();
        await troubled.RunAsync(Cleaned, Cancellation, "CLEANUP=class");

        var again = await troubled.RunAsync($"{Cleaned} --test-only-failed", Cancellation);

        again.ExitCode.ShouldBe(0, again.Output);
        again.Tests.ShouldHaveSingleItem().ClassName.ShouldBe("Troubled.Outside.CleanedByClass");
    }

    [Fact]
    public async Task Tests_that_fail_fast_left_out_are_part_of_what_did_not_pass()
    {
        using var troubled = new TroubledSuite(isFirstRun: true);
        var first = await troubled.RunAsync($"--workers 1 --test-fail-fast 1 --test-filter {TroubledSuite.RowsOnly}", Cancellation, $"FAIL={string.Join(' ', TroubledSuite.AllRows(1).Select(row => $"{row.Class["Troubled.".Length..]}:1"))}");
        var passed = first.Tests.Count(test => test.Outcome == "Passed");
        first.Tests.Count(test => test.Outcome == "Skipped").ShouldBePositive();

        var again = await troubled.RunAsync($"--workers 1 --test-only-failed --test-filter {TroubledSuite.RowsOnly}", Cancellation);

        again.ExitCode.ShouldBe(0, again.Output);
        again.Tests.Count.ShouldBe(300 - passed);
    }

    private static IReadOnlyList<string> Outside(SampleOutcome outcome) =>
        [.. outcome.Run.GetProperty("outside").EnumerateArray().Select(failure => $"{Text(failure, "kind")}: {Text(failure, "message")}")];

    private static string Text(JsonElement failure, string property) => failure.GetProperty(property).GetString()!;
}
