using System.Collections.Immutable;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.RunJson;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports;

public sealed class RunArtifactsTests : IDisposable
{
    private static readonly string[] Names = ["junit.xml", "metrics.prom", "report.html", "run.json", "summary.md", "test-results.trx"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task All_artifacts_are_in_the_results_folder_and_nothing_else()
    {
        (await WriteAsync(Record())).ShouldBeEmpty();

        Files().ShouldBe(Names);
    }

    [Fact]
    public async Task The_JUnit_file_can_be_elsewhere()
    {
        var record = Record();
        var elsewhere = Path.Combine(_folder.Path, "other", "tests.xml");

        (await WriteAsync(record with { Settings = record.Settings with { JUnitFile = elsewhere } })).ShouldBeEmpty();

        File.Exists(elsewhere).ShouldBeTrue();
        Files().ShouldBe(Names[1..]);
    }

    [Theory]
    [InlineData("test-results.trx")]
    [InlineData("junit.xml")]
    [InlineData("metrics.prom")]
    [InlineData("report.html")]
    [InlineData("run.json")]
    [InlineData("summary.md")]
    public async Task What_cannot_be_written_is_named_and_loses_none_of_the_others(string name)
    {
        // A folder in its place stops even root.
        var blocked = _folder.File(name);
        Directory.CreateDirectory(blocked);

        var incident = (await WriteAsync(Record() with { ExitCode = ConcurrentTestExitCode.Success })).Single();

        incident.Kind.ShouldBe("artifact-not-written");
        incident.Message.ShouldContain(blocked);
        Files().ShouldBe(Names.Except([name]));
        if (name != "run.json")
            RunJsonFile.Read(_folder.File("run.json")).ExitCode.ShouldBe((int)ConcurrentTestExitCode.Incomplete, "the run ends so");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_an_incident_for_each_file()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a folder that nobody can write to");
        var record = Record();

        var incidents = await WriteAsync(record with { Settings = record.Settings with { ResultsDirectory = "/proc/self/results", JUnitFile = Path.Combine(_folder.Path, "junit.xml") } });

        incidents.Length.ShouldBe(Names.Length - 1);
        incidents.ShouldAllBe(incident => incident.Kind == "artifact-not-written" && incident.Message.Contains("/proc/self/results"));
        Files().ShouldBe(["junit.xml"]);
    }

    [Fact]
    public async Task A_test_hosts_own_file_is_never_overwritten()
    {
        var input = _folder.File("test-results.trx");
        await File.WriteAllTextAsync(input, "the input", TestContext.Current.CancellationToken);

        var incident = (await WriteAsync(RecordedRun.Of(_folder.Path, [RecordedRun.Test("Passes")], RecordedRun.Batch(0, input)))).Single();

        incident.Message.ShouldContain(input);
        (await File.ReadAllTextAsync(input, TestContext.Current.CancellationToken)).ShouldBe("the input");
    }

    [Fact]
    public async Task What_was_wrong_with_the_inputs_is_in_the_other_reports()
    {
        var damaged = _folder.File("worker-0", "batch-0.trx");
        await File.WriteAllTextAsync(damaged, "<TestRun><Results>", TestContext.Current.CancellationToken);

        (await WriteAsync(RecordedRun.Of(_folder.Path, [RecordedRun.Test("Passes")], RecordedRun.Batch(0, damaged)))).Single().Kind.ShouldBe("trx-damaged");

        RunJsonFile.Read(_folder.File("run.json")).Incidents.Single().Kind.ShouldBe("trx-damaged");
        (await File.ReadAllTextAsync(_folder.File("summary.md"), TestContext.Current.CancellationToken)).ShouldContain("trx-damaged");
        (await File.ReadAllTextAsync(_folder.File("metrics.prom"), TestContext.Current.CancellationToken)).ShouldContain("concurrent_test_incidents_total{cause=\"trx_damaged\"} 1");
    }

    [Fact]
    public async Task A_password_is_in_none_of_the_files()
    {
        var attempt = RecordedRun.Attempt(TestOutcome.Failed) with { Message = "hunter22secret", StackTrace = "hunter22secret", StandardOutput = "hunter22secret", StandardError = "hunter22secret" };
        var record = RecordedRun.Of(
            _folder.Path,
            [RecordedRun.Test("Row(hunter22secret)", attempt, attempt with { Number = 2 }), RecordedRun.Test("Flaky", attempt, RecordedRun.Attempt(number: 2))],
            RecordedRun.Batch(0, error: "hunter22secret"));
        record = record with
        {
            Reason = "hunter22secret",
            Settings = record.Settings with { ConnectionString = "Host=db;Password=hunter22secret" },
            Incidents = [new Incident(RecordedRun.Start, "kind", "hunter22secret")],
        };

        await WriteAsync(record);

        foreach (var name in Names)
        {
            (await File.ReadAllTextAsync(_folder.File(name), TestContext.Current.CancellationToken)).ShouldNotContain("hunter22", customMessage: name);
        }
    }

    [Theory]
    [InlineData("<TestRun><Results><UnitTestResult testName=\"Opens(hunter22secret)\" /></Results></TestRun>", "denied")]
    [InlineData("<TestRun><Results><UnitTestResult testName=\"Opens(hunter22secret)\" /></Resu", "Resu")]
    public async Task A_file_of_a_test_host_that_keeps_a_password_is_named_in_the_other_reports(string trx, string reason)
    {
        var file = _folder.File("worker-0", "batch-0001.trx");
        await File.WriteAllTextAsync(file, trx, TestContext.Current.CancellationToken);
        // A folder in place of what it would become stops even root.
        Directory.CreateDirectory($"{file}.redacting");
        var record = RecordedRun.Of(_folder.Path, [RecordedRun.Test("Passes")]);

        var incidents = await WriteAsync(record with { Settings = record.Settings with { ConnectionString = "Host=db;Password=hunter22secret" } });

        var incident = incidents.ShouldHaveSingleItem();
        incident.Kind.ShouldBe("secret-not-removed");
        incident.Message.ShouldContain($"{file} may hold a password");
        incident.Message.ShouldContain(reason);
        RunJsonFile.Read(_folder.File("run.json")).Incidents.ShouldHaveSingleItem().Kind.ShouldBe("secret-not-removed");
        (await File.ReadAllTextAsync(_folder.File("summary.md"), TestContext.Current.CancellationToken)).ShouldContain("secret-not-removed");
    }

    [Fact]
    public async Task Cancelling_ends_the_writing()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => RecordedRun.WriteAsync(Record(), cancelled.Token));

        Files().ShouldBeEmpty();
    }

    private static Task<ImmutableArray<Incident>> WriteAsync(RunRecord record) => RecordedRun.WriteAsync(record, TestContext.Current.CancellationToken);

    private IEnumerable<string?> Files() => Directory.GetFiles(_folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal);

    private RunRecord Record() => RecordedRun.Of(_folder.Path, [RecordedRun.Test("Passes"), RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed))], RecordedRun.Batch(0));
}
