using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Coverage of all workers in one file, beside that of a serial <c>dotnet test</c>.</summary>
public sealed class CoverageTests(CoveredSuites suites)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Coverlets_lines_are_those_of_a_serial_run_in_each_framework()
    {
        await suites.BuiltAsync();
        var serial = CoveredSuites.Lines(await suites.SerialAsync("XPlat Code Coverage", CoveredSuites.Frameworks));

        var run = await suites.RunAsync(CoveredSuites.Frameworks, ["--test-coverage", "true"], Cancellation);

        run.ExitCode.ShouldBe(0, run.Output);
        run.Run.GetProperty("tests").EnumerateArray().Select(test => test.GetProperty("name").GetString())
            .ShouldAllBe(name => !name!.Contains("unknown", StringComparison.Ordinal));
        CoveredSuites.Lines(Merged(run)).ShouldBe(serial);
        serial.Values.ShouldContain(true);
        serial.Values.ShouldContain(false);
        Directory.EnumerateFiles(run.Results, "coverage*", SearchOption.AllDirectories).ShouldBe([Merged(run)]);
        run.Run.GetProperty("coverage").GetProperty("lostBatches").GetInt32().ShouldBe(0);
        run.Output.ShouldContain("% of lines");
        Leftovers().ShouldBeEmpty();
    }

    [Fact]
    public async Task What_parts_by_hash_covered_is_merged_with_their_results()
    {
        string[] frameworks = ["XUnit2", "NUnit"];
        var parts = suites.Repository.In("covered-parts");
        var whole = await suites.RunAsync(frameworks, ["--test-coverage", "true"], Cancellation);
        var lines = CoveredSuites.Lines(Merged(whole));
        foreach (var part in Enumerable.Range(1, 2))
        {
            var outcome = await suites.RunAsync(
                frameworks, ["--test-coverage", "true", "--test-shard", $"{part}/2", "--test-results-directory", Path.Combine(parts, $"{part}")], Cancellation);
            outcome.ExitCode.ShouldBe(0, outcome.Output);
            CoveredSuites.Lines(Path.Combine(parts, $"{part}", "coverage.cobertura.xml")).ShouldNotBe(lines, "it is of a part");
        }

        var merged = await suites.MergeAsync(parts, Cancellation);

        merged.ExitCode.ShouldBe(0, merged.Output);
        CoveredSuites.Lines(Merged(merged)).ShouldBe(lines);
        merged.Run.GetProperty("coverage").GetProperty("linesCovered").GetInt32().ShouldBe(whole.Run.GetProperty("coverage").GetProperty("linesCovered").GetInt32());
        merged.Output.ShouldContain("% of lines");

        File.Delete(Path.Combine(parts, "2", "coverage.cobertura.xml"));
        var spoilt = await suites.MergeAsync(parts, Cancellation);
        spoilt.ExitCode.ShouldBe(2, spoilt.Output);
    }

    [Fact]
    public async Task The_SDKs_lines_are_those_of_a_serial_run()
    {
        await suites.BuiltAsync();
        var serial = CoveredSuites.Lines(await suites.SerialAsync("Code Coverage;Format=cobertura", "XUnit3"));
        var settings = Collector("ms.runsettings", "Code Coverage");

        var run = await suites.RunAsync(["XUnit3"], ["--test-settings", settings], Cancellation);

        run.ExitCode.ShouldBe(0, run.Output);
        CoveredSuites.Lines(Merged(run)).ShouldBe(serial);
        Leftovers().ShouldBeEmpty();
    }

    [Fact]
    public async Task Tests_and_failed_clean_ups_have_the_names_of_any_other_run_though_they_run_in_a_copy()
    {
        var plain = await suites.RunAsync(CoveredSuites.Frameworks, [], Cancellation, ("COVERED_CLEANUP", "1"));

        var covered = await suites.RunAsync(CoveredSuites.Frameworks, ["--test-coverage", "true"], Cancellation, ("COVERED_CLEANUP", "1"));

        covered.ExitCode.ShouldBe(1, covered.Output);
        covered.Tests.ShouldBe(plain.Tests, ignoreOrder: true);
        covered.Tests.ShouldContain(test => test.Name == "Row(number: Two)");
        covered.OutsideNames.ShouldBe(["cleanup Class clean-up Suites.Rows"]);
        File.Exists(Merged(covered)).ShouldBeTrue(covered.Output);
    }

    [Fact]
    public async Task What_died_with_a_test_host_is_told_beside_the_rate()
    {
        var settings = Collector("coverlet.runsettings", "XPlat code coverage");

        var run = await suites.RunAsync(["NUnit"], ["--test-settings", settings], Cancellation, ("COVERED_DIES", "1"));

        run.ExitCode.ShouldBe(1, run.Output);
        run.Run.GetProperty("coverage").GetProperty("lostBatches").GetInt32().ShouldBePositive();
        run.Output.ShouldContain("ended before telling what");
        CoveredSuites.Lines(Merged(run)).Values.ShouldContain(true, "the others' hits are there");
        Leftovers().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Nobody's collector", "Check its friendlyName")]
    [InlineData("Code Coverage", "Add the package Microsoft.CodeCoverage")]
    public async Task A_collector_that_is_nowhere_ends_the_run_before_a_test_starts(string collector, string remedy)
    {
        await suites.BuiltAsync();
        var settings = Collector("nowhere.runsettings", collector);
        // An assembly without its project has no packages.
        var assembly = suites.Repository.In("XUnit2.Covered/bin/Debug/net10.0/XUnit2.Covered.dll");

        var problem = await suites.Repository.FailureOfAsync(given => given with { TestProjects = [assembly], RunSettingsFile = settings });

        problem.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        problem.Message.ShouldContain(settings);
        problem.Message.ShouldContain($"'{collector}' for XUnit2.Covered (net10.0)");
        problem.Message.ShouldContain(remedy);
    }

    [Fact]
    public async Task An_in_process_collector_that_is_not_there_ends_the_run_before_a_test_starts()
    {
        await suites.BuiltAsync();
        var settings = suites.Repository.Write("in-process.runsettings", """
            <RunSettings><InProcDataCollectionRunSettings><InProcDataCollectors>
              <InProcDataCollector friendlyName="counting" assemblyQualifiedName="Counting.Collector, Counting" codebase="nowhere/Counting.dll" />
            </InProcDataCollectors></InProcDataCollectionRunSettings></RunSettings>
            """);
        var assembly = suites.Repository.In("XUnit2.Covered/bin/Debug/net10.0/XUnit2.Covered.dll");

        var problem = await suites.Repository.FailureOfAsync(given => given with { TestProjects = [assembly], RunSettingsFile = settings });

        problem.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        problem.Message.ShouldContain("the in-process data collector 'counting' cannot be loaded: its codebase 'nowhere/Counting.dll' is not there for XUnit2.Covered (net10.0)");
    }

    [Fact]
    public async Task Coverage_without_a_collector_ends_the_run_before_a_test_starts()
    {
        await suites.BuiltAsync();
        var assembly = suites.Repository.In("XUnit2.Covered/bin/Debug/net10.0/XUnit2.Covered.dll");

        var problem = await suites.Repository.FailureOfAsync(given => given with { TestProjects = [assembly], Coverage = true });

        problem.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        problem.Message.ShouldContain("Add the package coverlet.collector");
    }

    private string Collector(string file, string name) => suites.Repository.Write(file, Settings(name));

    private static string Settings(string collector) =>
        $"""<RunSettings><DataCollectionRunSettings><DataCollectors><DataCollector friendlyName="{collector}" /></DataCollectors></DataCollectionRunSettings></RunSettings>""";

    private static string Merged(SampleOutcome run) => Path.Combine(run.Results, "coverage.cobertura.xml");

    private IEnumerable<string> Leftovers() => Directory.EnumerateDirectories(suites.Repository.Path, "*.concurrent-test-*", SearchOption.AllDirectories);
}
