using System.Xml.Linq;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Reports;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

/// <summary>Runs that end before their plan, where an earlier one has left its artifacts.</summary>
public sealed class EarlyEndTests : IDisposable
{
    private const string Report = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>✅ 0 failed, 679 passed</title></head></html>";

    private readonly TemporaryFolder _folder = new();
    private readonly string _lastRun;

    public EarlyEndTests()
    {
        using var json = new MemoryStream();
        var record = RecordedRun.Of(_folder.Path, [RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed))]);
        RecordedRun.WriteJson(record with { ExitCode = ConcurrentTestExitCode.TestsFailed }, json, new Redactor());
        File.WriteAllBytes(Artifact(ArtifactNames.Run), json.ToArray());
        File.WriteAllText(Artifact(ArtifactNames.Report), Report);
        File.WriteAllText(Artifact(ArtifactNames.JUnit), "<testsuites name=\"ConcurrentTest\" tests=\"1\" errors=\"0\" />");
        _lastRun = File.ReadAllText(Artifact(ArtifactNames.Run));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, ConcurrentTestExitCode.Incomplete)]
    [InlineData(true, ConcurrentTestExitCode.Cancelled)]
    public async Task What_comes_to_no_plan_shows_no_earlier_green_and_keeps_what_was_known(bool isCancelled, ConcurrentTestExitCode exitCode)
    {
        using var cancelled = new CancellationTokenSource();
        if (isCancelled)
            await cancelled.CancelAsync();

        (await RunAsync(Settings, cancelled.Token)).ExitCode.ShouldBe(exitCode);

        XElement.Load(Artifact(ArtifactNames.JUnit)).Attribute("errors")!.Value.ShouldBe("1");
        File.ReadAllText(Artifact(ArtifactNames.Report)).ShouldNotBe(Report);
        RunJsonFile.Read(Artifact(ArtifactNames.Run)).ExitCode.ShouldBe((int)exitCode);
        File.ReadAllText(Artifact(ArtifactNames.PreviousRun)).ShouldBe(_lastRun);
        LastFailures.Read(_folder.Path).IsEmpty.ShouldBeFalse("--test-only-failed looks there");
    }

    [Fact]
    public async Task What_has_a_wrong_setting_leaves_the_last_runs_artifacts_and_its_own_log()
    {
        var result = await RunAsync(Settings with { TestProjects = [Path.Combine(_folder.Path, "Nowhere.csproj")] }, TestContext.Current.CancellationToken);

        result.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        RequireLastRun("Nowhere.csproj");
    }

    [Fact]
    public async Task What_is_refused_leaves_the_last_runs_artifacts_and_its_own_log()
    {
        // Its tests would be found later than the guard is asked.
        var settings = Settings with { TestProjects = [typeof(EarlyEndTests).Assembly.Location], Database = DatabaseEngine.PostgreSql, ConnectionString = "Host=0.0.0.0" };

        (await RunAsync(settings, TestContext.Current.CancellationToken)).ExitCode.ShouldBe(ConcurrentTestExitCode.Refused);

        RequireLastRun("0.0.0.0 is not the address of a database server");
    }

    private ConcurrentTestSettings Settings => new()
    {
        ResultsDirectory = _folder.Path,
        RootDirectory = _folder.Path,
        WorkingDirectory = _folder.Path,
        TimingsFile = Path.Combine(_folder.Path, "known.json"),
        TestProjects = [Directory.CreateDirectory(Path.Combine(_folder.Path, "tests")).FullName],
        Database = DatabaseEngine.None,
        Workers = 1,
    };

    private void RequireLastRun(string reason)
    {
        File.ReadAllText(Artifact(ArtifactNames.Run)).ShouldBe(_lastRun);
        File.ReadAllText(Artifact(ArtifactNames.Report)).ShouldBe(Report);
        File.Exists(Artifact(ArtifactNames.PreviousRun)).ShouldBeFalse();
        File.ReadAllText(Artifact(ArtifactNames.Log)).ShouldContain(reason);
    }

    private string Artifact(string name) => Path.Combine(_folder.Path, name);

    private static Task<ConcurrentTestResult> RunAsync(ConcurrentTestSettings settings, CancellationToken cancellationToken) =>
        ConcurrentTestRun.RunAsync(settings, NullLogger.Instance, cancellationToken);
}
