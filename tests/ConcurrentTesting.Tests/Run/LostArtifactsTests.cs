using ConcurrentTesting.Console;
using ConcurrentTesting.Console.Terminal;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Execution;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

/// <summary>Artifacts that a run cannot write: whoever reads them would miss something, so it is no success.</summary>
public sealed class LostArtifactsTests
{
    [Theory]
    [InlineData(ArtifactNames.Timings)]
    [InlineData(ArtifactNames.Journal)]
    public async Task What_is_lost_before_the_reports_makes_them_tell_it(string artifact)
    {
        var (result, recorded) = await EndAsync(folder => Path.Combine(folder, artifact));

        (result.ExitCode, result.Reason).ShouldBe((ConcurrentTestExitCode.Incomplete, "There were no tests, but 1 artifact could not be written."));
        recorded.ExitCode.ShouldBe((int)ConcurrentTestExitCode.Incomplete);
        recorded.Incidents.Select(incident => incident.Kind).ShouldBe([IncidentKinds.ArtifactNotWritten]);
    }

    [Fact]
    public async Task What_only_the_next_run_reads_is_told_and_no_artifact()
    {
        var (result, recorded) = await EndAsync(folder => Path.Combine(folder, "known.json"));

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.Success);
        recorded.Incidents.Select(incident => incident.Kind).ShouldBe(["timings-not-written"]);
    }

    [Fact]
    public async Task A_defect_of_the_run_says_so_in_the_reason_which_every_report_has()
    {
        await using var run = new FakeRun();
        using var file = new JournalWriter(new Redactor(), TimeProvider.System);
        var journal = new RunJournal(run.Context, file, []) { Catalog = Catalogs.Of(), Timings = TimingStore.Empty };

        var end = await journal.ConcludeAsync(() => throw new InvalidOperationException("Nothing is there."), TestContext.Current.CancellationToken);

        end.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        end.Reason.ShouldBe("The run failed unexpectedly (InvalidOperationException: Nothing is there): this is a defect of ConcurrentTest, please report it with run.log.");
    }

    /// <param name="taken">Where a folder comes to be after the run has looked, so that no file can be written.</param>
    private static async Task<(ConcurrentTestResult Result, RunDocument Recorded)> EndAsync(Func<string, string> taken)
    {
        await using var run = new FakeRun(settings => settings with { AllowEmpty = true, TimingsFile = Path.Combine(settings.ResultsDirectory, "known.json") });
        var settings = run.Context.Settings;
        await using var results = ResultsDirectory.Claim(settings);
        Directory.CreateDirectory(Path.Combine(taken(settings.ResultsDirectory), "taken"));
        await using var console = RunConsole.Open(settings, new Redactor(), NullLogger.Instance, TimeProvider.System, ConsoleSurface.OfProcess());
        using var file = new JournalWriter(new Redactor(), TimeProvider.System);
        var journal = new RunJournal(run.Context, file, []) { Catalog = Catalogs.Of(), Timings = TimingStore.Empty };

        var result = await RunReports.WriteAsync(journal, RunEnd.TestsDecide, console, results, live: null);

        return (result, RunJsonFile.Read(Path.Combine(settings.ResultsDirectory, ArtifactNames.Run)));
    }
}
