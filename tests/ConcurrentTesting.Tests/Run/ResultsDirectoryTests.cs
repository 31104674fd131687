using System.Collections.Immutable;
using System.Text;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Run;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Tests.Reports;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Run;

/// <summary>Whose files are whose in the results directory.</summary>
public sealed class ResultsDirectoryTests : IDisposable
{
    private const string BatchTrx = "<TestRun id=\"1\" xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\" />";
    private const string JUnit = "<testsuites name=\"ConcurrentTest\" tests=\"1\" />";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_the_last_run_wrote_is_removed_with_the_folders_that_it_made()
    {
        await RunAsync(("worker-1/batch-0001.trx", BatchTrx), ("worker-1/root/In/1/shot.png", "x"), ("attachments/In/1/shot.png", "x"), ("report.html", Report()));

        await RunAsync();

        Files().ShouldBe([".concurrent-test.json"]);
        Directory.EnumerateDirectories(_folder.Path).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("worker-1/src/Program.cs")]
    [InlineData("worker-1/batch.trx")]
    [InlineData("worker-77/batch-0001.trx")]
    [InlineData("attachments/In/mine.txt")]
    [InlineData("attachments/mine.txt")]
    [InlineData("diagnostics/discovery-notes.txt")]
    [InlineData("previous/notes.md")]
    [InlineData("results.trx")]
    public async Task Files_of_others_stay_whether_they_came_before_the_runs_or_between(string name)
    {
        Write(name, "before");
        await RunAsync(("worker-1/batch-0001.trx", BatchTrx), ("attachments/In/1/a.txt", "x"));
        Write(name + ".later", "between");

        await RunAsync();

        Read(name).ShouldBe("before");
        Read(name + ".later").ShouldBe("between");
        File.Exists(_folder.File("worker-1", "batch-0001.trx")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_part_that_failed_after_its_tests_is_still_the_runs_own()
    {
        await RunAsync();
        Write(ArtifactNames.Part, Encoding.UTF8.GetString(Seal().Close(ImmutableSortedDictionary<string, string>.Empty)));

        await ResultsDirectory.JudgeAsync(_folder.Path, () => "the budget is spent");

        Read(ArtifactNames.Part).ShouldContain("the budget is spent");
        await RunAsync();
        File.Exists(_folder.File(ArtifactNames.Part)).ShouldBeFalse();
    }

    [Theory]
    [InlineData(ConcurrentTestExitCode.Success, ConcurrentTestExitCode.Incomplete)]
    [InlineData(ConcurrentTestExitCode.TestsFailed, ConcurrentTestExitCode.Incomplete)]
    [InlineData(ConcurrentTestExitCode.Cancelled, ConcurrentTestExitCode.Cancelled)]
    public async Task A_part_that_cannot_be_sealed_is_incomplete(ConcurrentTestExitCode exitCode, ConcurrentTestExitCode sealedAs)
    {
        await using var results = ResultsDirectory.Claim(Settings);
        await results.BeginAsync(NullLogger.Instance);
        Write("worker-1/held.txt", "x");
        results.Seal = Seal();
        ConcurrentTestResult result;

        await using (new FileStream(_folder.File("worker-1", "held.txt"), FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            result = await results.SealAsync(new ConcurrentTestResult { ExitCode = exitCode, Reason = "of the tests", ClosingLines = ["1 passed"] }, NullLogger.Instance);

        result.ExitCode.ShouldBe(sealedAs);
        result.Reason.ShouldStartWith(sealedAs == exitCode ? "of the tests" : "The part could not be sealed");
        result.ClosingLines[^1].ShouldBe("1 passed");
        File.Exists(_folder.File(ArtifactNames.Part)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_file_that_was_changed_since_is_nobody_elses_to_remove()
    {
        await RunAsync(("worker-1/batch-0001.trx", BatchTrx), ("worker-1/root/In/1/log.txt", "the run's"));
        Write("worker-1/root/In/1/log.txt", "with my notes");

        await RunAsync();

        Read("worker-1/root/In/1/log.txt").ShouldBe("with my notes");
    }

    [Theory]
    [InlineData("report.html", "<title>Quarterly figures</title>")]
    [InlineData("timings.json", "{\"100m\": 9.58}")]
    [InlineData("run.json", "[]")]
    [InlineData("junit.xml", "<testsuites name=\"of another tool\" />")]
    [InlineData("test-results.trx", BatchTrx)]
    [InlineData("summary.md", "# Minutes")]
    [InlineData("metrics.prom", "up 1")]
    [InlineData("run.log", "12 km in 51 min")]
    [InlineData("previous/run.json", "{}")]
    [InlineData("worker-1/batch-0003.trx", "<a />")]
    [InlineData("worker-0", "a file")]
    [InlineData("attachments", "a file")]
    [InlineData("attachments/In", "a file")]
    [InlineData(".concurrent-test.json", "{\"mine\": true}")]
    [InlineData(".concurrent-test.json", "not even JSON")]
    public async Task A_name_that_the_run_has_to_write_and_that_is_taken_is_a_bad_setting(string name, string content)
    {
        Write(name, content);

        var refusal = await Should.ThrowAsync<ConcurrentTestException>(() => RunAsync());

        refusal.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        refusal.Message.ShouldContain(_folder.File(name.Split('/')));
        Read(name).ShouldBe(content);
        Files().ShouldBe([name]);
    }

    [Theory]
    [InlineData("worker-9/batch-0003.trx", "<a />")]
    [InlineData("worker-1/batch-0001.log", "")]
    [InlineData("worker-0/batch-0003.trx", BatchTrx)]
    [InlineData("run.log", "")]
    [InlineData("junit.xml", JUnit)]
    public async Task A_name_that_this_run_does_not_write_or_a_run_wrote_is_no_obstacle(string name, string content)
    {
        Write(name, content);

        await RunAsync();
    }

    [Fact]
    public async Task A_listing_needs_no_name_but_its_log()
    {
        Write("report.html", "mine");
        Write("worker-0", "mine");

        await using (ResultsDirectory.Claim(Settings with { List = true }))
        {
        }

        Read("report.html").ShouldBe("mine");
    }

    [Fact]
    public async Task Symbolic_links_are_neither_followed_nor_written_through()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making a link takes a right of its own there.");
        using var elsewhere = new TemporaryFolder();
        await RunAsync(("worker-1/batch-0001.trx", BatchTrx));
        File.Copy(_folder.File("worker-1", "batch-0001.trx"), elsewhere.File("batch-0001.trx"));
        Directory.Delete(_folder.File("worker-1"), recursive: true);
        Directory.CreateSymbolicLink(_folder.File("worker-1"), elsewhere.Path);

        (await Should.ThrowAsync<ConcurrentTestException>(() => RunAsync())).Message.ShouldContain("worker-1");

        File.Exists(elsewhere.File("batch-0001.trx")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_list_that_names_what_lies_elsewhere_removes_nothing_there()
    {
        using var elsewhere = new TemporaryFolder();
        var precious = elsewhere.File("precious");
        File.WriteAllText(precious, "");
        var names = new[] { precious, Path.GetRelativePath(_folder.Path, precious) }.ToImmutableSortedDictionary(name => name, _ => ArtifactList.HashOf(precious));
        await new ArtifactList(names, [elsewhere.Path], IsFinished: true).WriteAsync(_folder.Path);

        await RunAsync();

        File.Exists(precious).ShouldBeTrue();
    }

    [Fact]
    public async Task Artifacts_of_versions_without_a_list_are_known_by_their_content()
    {
        Write("worker-3/batch-0001.trx", TrxWith("attached.txt", "root"));
        Write("worker-3/root/In/e1/attached.txt", "x");
        Write("attachments/In/e1/attached.txt", "x");
        Write("test-results.trx", TrxWith("attached.txt", "attachments").Replace("<TestRun", "<TestRun id=\"1\" name=\"ConcurrentTest 27487112d7\"", StringComparison.Ordinal));
        Write("junit.xml", JUnit);
        Write("report.html", Report());
        Write("worker-3/src/Program.cs", "mine");
        Write("attachments/In/e1/mine.txt", "mine");

        await RunAsync();

        Files().ShouldBe([".concurrent-test.json", "attachments/In/e1/mine.txt", "worker-3/src/Program.cs"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_a_killed_run_left_is_known_by_its_content()
    {
        await RunAsync(("report.html", Report()));
        var killed = ResultsDirectory.Claim(Settings);
        await killed.BeginAsync(NullLogger.Instance);
        Write("worker-0/batch-0001.trx", BatchTrx);
        Write("worker-0/batch-0002.infrastructure", "the queue is down");
        Write("worker-0/mine.txt", "mine");
        File.Copy(_folder.File(ArtifactList.FileName), _folder.File("as-killed"));
        await killed.DisposeAsync();
        File.Move(_folder.File("as-killed"), _folder.File(ArtifactList.FileName), overwrite: true);

        await RunAsync();

        Files().ShouldBe([".concurrent-test.json", "worker-0/mine.txt"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_run_that_begins_nothing_leaves_the_last_ones_artifacts_and_owns_its_log()
    {
        await RunAsync(("report.html", Report()), ("run.log", "2026-11-28T15:47:16.229Z INF one\n"));
        await using (ResultsDirectory.Claim(Settings))
            Write("run.log", "2026-11-28T15:47:16.229Z INF refused\n");

        Read("report.html").ShouldBe(Report());
        var list = ArtifactList.Read(_folder.Path)!;
        list.Files["run.log"].ShouldBe(ArtifactList.HashOf(_folder.File("run.log")));
        list.Files.Keys.ShouldContain("report.html");
    }

    [Fact]
    public async Task The_log_that_is_being_written_stays()
    {
        await RunAsync(("run.log", "2026-11-28T15:47:16.229Z INF one\n"));

        await using var results = ResultsDirectory.Claim(Settings);
        Write("run.log", "2026-11-28T15:47:17.229Z INF two\n");
        await results.BeginAsync(NullLogger.Instance);

        Read("run.log").ShouldContain("two");
    }

    [Fact]
    public async Task What_is_written_anew_after_the_claim_stays()
    {
        await RunAsync(("worker-1/root/In/1/log.txt", "one"));

        await using var results = ResultsDirectory.Claim(Settings);
        Write("worker-1/root/In/1/log.txt", "two");
        File.SetLastWriteTimeUtc(_folder.File("worker-1", "root", "In", "1", "log.txt"), DateTime.UtcNow.AddSeconds(1));
        await results.BeginAsync(NullLogger.Instance);

        Read("worker-1/root/In/1/log.txt").ShouldBe("two");
    }

    [Fact]
    public async Task A_run_that_came_to_no_test_keeps_what_the_last_one_knew_of_them()
    {
        await RunAsync(("run.json", RunJsonOf(RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed)))));
        var nothing = RunJsonOf();
        await RunAsync(comesToNothing: true, ("run.json", nothing));
        await RunAsync(comesToNothing: true, ("run.json", nothing));

        Read("run.json").ShouldBe(nothing);
        RunJsonFile.Read(_folder.File("previous", "run.json")).Tests.ShouldHaveSingleItem();
        LastFailures.Read(_folder.Path).IsEmpty.ShouldBeFalse();

        await RunAsync(("run.json", nothing));
        File.Exists(_folder.File("previous", "run.json")).ShouldBeFalse();
    }

    [Fact]
    public async Task Two_runs_at_once_are_told_apart()
    {
        await using var first = ResultsDirectory.Claim(Settings);

        Should.Throw<ConcurrentTestException>(() => ResultsDirectory.Claim(Settings)).Message.ShouldStartWith("Another run is writing to");
    }

    [Fact]
    public async Task A_junit_file_elsewhere_replaces_a_junit_file_and_nothing_else()
    {
        using var elsewhere = new TemporaryFolder();
        var file = elsewhere.File("Program.cs");
        File.WriteAllText(file, "class Program;");
        Should.Throw<ConcurrentTestException>(() => ResultsDirectory.Claim(Settings with { JUnitFile = file })).Message.ShouldContain($"{file} is no JUnit file");

        File.WriteAllText(file, "<?xml version=\"1.0\"?><testsuite name=\"of another tool\" />");
        await using var claimed = ResultsDirectory.Claim(Settings with { JUnitFile = file });
    }

    private ConcurrentTestSettings Settings => new() { ResultsDirectory = _folder.Path, Workers = 2 };

    private static ConcurrentTesting.Run.Merging.PartSeal Seal() => new()
    {
        Shard = new ShardRecord(1, 2, "plan", "discovery"),
        Run = "run",
        Machine = "machine",
        StartedAt = DateTimeOffset.UnixEpoch,
        FinishedAt = DateTimeOffset.UnixEpoch,
        ExitCode = 0,
    };

    private static string Report() => "<!DOCTYPE html>\n<html lang=\"en\"><head><title>✅ 0 failed, 679 passed</title></head></html>";

    private static string TrxWith(string file, string root) => $"""
        <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><TestSettings><Deployment runDeploymentRoot="{root}" /></TestSettings>
        <Results><UnitTestResult relativeResultsDirectory="e1"><ResultFiles><ResultFile path="{file}" /></ResultFiles></UnitTestResult></Results></TestRun>
        """;

    private string RunJsonOf(params TestRecord[] tests)
    {
        var record = RecordedRun.Of(_folder.Path, tests) with { ExitCode = tests.Length == 0 ? ConcurrentTestExitCode.Incomplete : ConcurrentTestExitCode.TestsFailed };
        using var json = new MemoryStream();
        RecordedRun.WriteJson(record, json, new Redactor());
        return Encoding.UTF8.GetString(json.ToArray());
    }

    private Task RunAsync(params (string Name, string Content)[] files) => RunAsync(comesToNothing: false, files);

    private async Task RunAsync(bool comesToNothing, params (string Name, string Content)[] files)
    {
        await using var results = ResultsDirectory.Claim(Settings);
        await results.BeginAsync(NullLogger.Instance, comesToNothing);
        foreach (var (name, content) in files)
            Write(name, content);
    }

    private void Write(string name, string content)
    {
        var path = Path.Combine(_folder.Path, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    private string Read(string name) => File.ReadAllText(Path.Combine(_folder.Path, name));

    private IEnumerable<string> Files() =>
        Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(_folder.Path, path)).Order();
}
