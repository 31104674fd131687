using System.Text.Json;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Classes that are divided over workers, in real test hosts.</summary>
public sealed class SplitClassTests
{
    private const string SideBySide = "--workers 2 --test-filter FullyQualifiedName~TestsAlone";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("direct")]
    [InlineData("console")]
    public async Task A_project_of_xunit_v3_that_runs_all_tests_in_parallel_is_divided_and_runs_one_test_at_a_time_within_a_worker(string host)
    {
        using var suite = new TroubledSuite("Troubled.XUnit3");
        var copy = CopyOf("Troubled.XUnit3", suite.Folder, """{ "parallelMode": "all", "maxParallelThreads": -1, "parallelAlgorithm": "aggressive" }""");

        KnowDurations(suite, "TestsAlone.Runs_alone", 24);

        var split = await suite.RunAsync([copy], $"{SideBySide} --test-host {host}", Cancellation, "DELAY=150");
        split.ExitCode.ShouldBe(0, split.Output);
        split.Tests.Count.ShouldBe(24);
        Workers(split).ShouldBe([0, 1], ignoreOrder: true);
    }

    [Fact]
    public async Task A_class_with_a_static_field_that_changes_stays_on_one_worker()
    {
        using var suite = new TroubledSuite("Troubled.XUnit3");
        KnowDurations(suite, "TestsAlone.Runs_alone", 24);

        var whole = await suite.RunAsync($"{SideBySide} --test-granularity test", Cancellation, "DELAY=50");

        whole.ExitCode.ShouldBe(0, whole.Output);
        Workers(whole).Length.ShouldBe(1);
    }

    [Fact]
    public async Task A_long_class_that_nothing_holds_is_divided_over_workers_that_have_databases()
    {
        using var suite = new TroubledSuite("Troubled.XUnit3");
        const string One = "--workers 2 --test-filter FullyQualifiedName~TestsApart";

        KnowDurations(suite, "TestsApart.Runs", 3);
        var split = await suite.RunAsync(One, Cancellation, "DELAY=2000");
        split.ExitCode.ShouldBe(0, split.Output);
        split.Tests.Count.ShouldBe(3);
        Workers(split).Length.ShouldBe(2);

        KnowDurations(suite, "TestsApart.Runs", 3);
        Workers(await suite.RunAsync($"{One} --test-granularity class", Cancellation)).Length.ShouldBe(1);
        KnowDurations(suite, "TestsApart.Runs", 3);
        Workers(await suite.RunAsync($"{One} --test-database none", Cancellation)).Length.ShouldBe(1);
    }

    private static void KnowDurations(TroubledSuite suite, string test, int rows) => suite.Write(
        Path.Combine(".nuke", "temp", "test-timings.json"),
        JsonSerializer.Serialize(Enumerable.Range(1, rows).ToDictionary(number => $"Troubled.SideBySide.{test}(number: {number})", _ => 5.0)));

    private static int[] Workers(SampleOutcome outcome) =>
        [.. outcome.Run.GetProperty("tests").EnumerateArray().Select(test => test.GetProperty("worker").GetInt32()).Distinct()];

    private static string CopyOf(string suite, string folder, string configuration)
    {
        var assembly = Repository.Assembly(suite);
        var copy = Directory.CreateDirectory(Path.Combine(folder, "copy")).FullName;
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(assembly)!, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(Path.GetDirectoryName(assembly)!, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        File.WriteAllText(Path.Combine(copy, "xunit.runner.json"), configuration);
        return Path.Combine(copy, Path.GetFileName(assembly));
    }
}
