using System.Text.Json;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>What belongs to no test's result and makes <c>dotnet test</c> red all the same, and rows that a process took along.</summary>
public sealed class OutsideTests
{
    private const string Rows = "--workers 1 --test-filter FullyQualifiedName~Outside.UnknownRows";
    private const string Cleaned = "--workers 1 --test-filter FullyQualifiedName~Outside.CleanedBy";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("Troubled.XUnit2", "failfast")]
    [InlineData("Troubled.XUnit2", "exit")]
    [InlineData("Troubled.XUnit2", "kill")]
    [InlineData("Troubled.XUnit3", "failfast")]
    [InlineData("Troubled.XUnit3", "exit")]
    [InlineData("Troubled.XUnit3", "kill")]
    public async Task Row_that_ends_its_process_takes_no_other_row_along(string suite, string end)
    {
        using var troubled = new TroubledSuite(suite);

        var outcome = await troubled.RunAsync(Rows, Cancellation, $"ROW_END={end}");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Count(test => test.Outcome == "Passed").ShouldBe(6, outcome.Output);
        outcome.Tests.Count(test => test.Outcome == "Failed").ShouldBe(1, outcome.Output);
        outcome.JUnit.ShouldContain("6 rows arrived before the process died");
    }

    [Fact]
    public async Task Row_that_hangs_times_out_and_the_rows_before_it_keep_their_results()
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync($"{Rows} --test-timeout 12s", Cancellation, "ROW_END=hang");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Select(test => test.Outcome).Order().ShouldBe(["Passed", "Passed", "Passed", "Passed", "Passed", "Passed", "TimedOut"]);
        outcome.JUnit.ShouldContain("6 rows arrived before");
    }

    [Theory]
    [InlineData("Troubled.XUnit2")]
    [InlineData("Troubled.XUnit3")]
    [InlineData("Troubled.MSTest")]
    public async Task Process_that_is_killed_between_rows_once_costs_no_row(string suite)
    {
        using var troubled = new TroubledSuite(suite);

        var outcome = await troubled.RunAsync(Rows, Cancellation, "ROW_END=kill-once");

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Tests.Count.ShouldBe(12);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
        Outside(outcome).ShouldBeEmpty();
    }

    [Fact]
    public async Task Process_that_ended_itself_once_is_the_failure_where_everything_it_left_passes()
    {
        using var troubled = new TroubledSuite();

        var outcome = await troubled.RunAsync(Rows, Cancellation, "ROW_END=abort-once");

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
    [InlineData("Troubled.XUnit2", "exit")]
    [InlineData("Troubled.XUnit2", "thread")]
    [InlineData("Troubled.XUnit3", "failfast")]
    public async Task Process_that_ends_itself_after_its_last_test_is_a_failure(string suite, string end)
    {
        using var troubled = new TroubledSuite(suite);

        var outcome = await troubled.RunAsync(Cleaned, Cancellation, $"LATE_END={end}");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        Outside(outcome).ShouldHaveSingleItem().ShouldStartWith("process-end: ");
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
    }

    [Theory]
    [InlineData("Troubled.NUnit", "thread")]
    [InlineData("Troubled.MSTest", "exit")]
    public async Task Process_that_ends_itself_before_its_adapter_told_the_last_result_is_a_failure_too(string suite, string end)
    {
        using var troubled = new TroubledSuite(suite);

        var outcome = await troubled.RunAsync(Cleaned, Cancellation, $"LATE_END={end}");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.ShouldHaveSingleItem().Outcome.ShouldBe("Failed");
        outcome.JUnit.ShouldContain(end == "exit" ? "it exited" : "an exception that nobody handled");
    }

    [Theory]
    [InlineData("Troubled.XUnit2", "class", "Class clean-up Troubled.Outside.CleanedByClass")]
    [InlineData("Troubled.XUnit2", "collection", "Collection clean-up Cleaned")]
    [InlineData("Troubled.XUnit3", "class", "Class clean-up Troubled.Outside.CleanedByClass")]
    [InlineData("Troubled.XUnit3", "collection", "Collection clean-up Cleaned")]
    [InlineData("Troubled.XUnit3", "assembly", "Assembly clean-up Troubled.XUnit3")]
    [InlineData("Troubled.NUnit", "class", "Tear-down Troubled.Outside.CleanedByClass")]
    [InlineData("Troubled.NUnit", "namespace", "Tear-down Troubled.Outside.AllOfThem")]
    [InlineData("Troubled.MSTest", "class", "Class clean-up CleanedByClass.CleanUp")]
    [InlineData("Troubled.MSTest", "assembly", "Assembly clean-up CleanedByClass.CleanUpAll")]
    public async Task Clean_up_that_throws_is_one_failure_in_every_report(string suite, string scope, string name)
    {
        using var troubled = new TroubledSuite(suite);

        var outcome = await troubled.RunAsync(Cleaned, Cancellation, $"CLEANUP={scope}");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed");
        outcome.Tests.Count.ShouldBe(outcome.Run.GetProperty("discovered").GetInt32());
        outcome.Output.ShouldEndWith($"{outcome.Tests.Count} passed, 1 failed, 0 skipped");
        Outside(outcome).ShouldHaveSingleItem().ShouldContain("TROUBLED_CLEANUP asks for it.");
        outcome.Run.GetProperty("outside")[0].GetProperty("name").GetString().ShouldBe(name);
        foreach (var report in new[] { "junit.xml", "test-results.trx", "summary.md", "report.html" })
            (await File.ReadAllTextAsync(Path.Combine(outcome.Results, report), Cancellation)).ShouldContain(name, customMessage: report);
        outcome.Output.ShouldContain($"FAIL  {name}");
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
        using var troubled = new TroubledSuite();
        var first = await troubled.RunAsync($"--workers 1 --test-fail-fast 1 --test-filter {TroubledSuite.RowsOnly}", Cancellation, "FAIL=Rows01:1");
        var passed = first.Tests.Count(test => test.Outcome == "Passed");
        passed.ShouldBeLessThan(299);

        var again = await troubled.RunAsync($"--workers 1 --test-only-failed --test-filter {TroubledSuite.RowsOnly}", Cancellation);

        again.ExitCode.ShouldBe(0, again.Output);
        again.Tests.Count.ShouldBe(300 - passed);
    }

    private static IReadOnlyList<string> Outside(SampleOutcome outcome) =>
        [.. outcome.Run.GetProperty("outside").EnumerateArray().Select(failure => $"{Text(failure, "kind")}: {Text(failure, "message")}")];

    private static string Text(JsonElement failure, string property) => failure.GetProperty(property).GetString()!;
}
