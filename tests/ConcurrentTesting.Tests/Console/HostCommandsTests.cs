using ConcurrentTesting.Console.Hosts;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

[Collection(ProcessWide.Name)]
public class HostCommandsTests
{
    private const string Hostile = "x\n::error::injected\r##vso[task.complete result=Failed]##teamcity[buildStop]'|[]%0A";

    [Fact]
    public void GitHub_shows_the_first_ten_real_failures_at_their_lines()
    {
        var never = SampleRun.Entries(20).Select(entry => SampleRun.Result(entry, SampleRun.Attempt(TestOutcome.Error, worker: -1) with { Message = "Never ran." }));
        var failures = Enumerable.Range(0, 12).Select(number => SampleRun.Failure(SampleRun.Entry($"Fails_{number:00}"), message: $"Expected {number}, was 100%.", stack: "   at Shop.Tests.OrderTests.Fails() in /repo/tests/OrderTests.cs:line 7"));

        var lines = Of("GitHubActions", [.. never, .. failures]);

        lines.Count.ShouldBe(10);
        lines[0].ShouldBe("::error file=tests/OrderTests.cs,line=7,title=Shop.Tests.OrderTests.Fails_00::Expected 0, was 100%25.");
        lines.ShouldAllBe(line => line.Contains("Fails_"));
    }

    [Fact]
    public void A_run_that_failed_without_a_failing_test_says_why() =>
        Of("GitHubActions", [SampleRun.Result(SampleRun.Entry("Pays"))], ConcurrentTestExitCode.Incomplete).ShouldBe(["::error title=ConcurrentTest::It does not build."]);

    [Fact]
    public void A_green_run_and_a_host_without_commands_say_nothing()
    {
        Of("GitHubActions", [SampleRun.Result(SampleRun.Entry("Pays"))], ConcurrentTestExitCode.Success).ShouldBeEmpty();
        Of("Terminal", [SampleRun.Failure(SampleRun.Entry("Pays"))]).ShouldBeEmpty();
    }

    [Fact]
    public void Azure_gets_issues_at_their_lines_the_summary_and_the_artifacts()
    {
        var lines = Of("AzurePipelines", [SampleRun.Failure(SampleRun.Entry("Fails"), stack: "   at Shop.Tests.OrderTests.Fails() in /repo/tests/OrderTests.cs:line 7")]);

        lines.ShouldBe(
        [
            "##vso[task.logissue type=error;sourcepath=tests/OrderTests.cs;linenumber=7;]Shop.Tests.OrderTests.Fails: Expected 1, was 2.",
            "##vso[task.uploadsummary]/repo/artifacts/summary.md",
            "##vso[artifact.upload containerfolder=test-results;artifactname=test-results]/repo/artifacts",
        ]);
    }

    [Fact]
    public void On_Azure_only_the_merge_of_several_machines_speaks_for_the_pipeline()
    {
        var run = Run("AzurePipelines", [SampleRun.Result(SampleRun.Entry("Pays"))], ConcurrentTestExitCode.Success, "");
        var queued = run with { Settings = run.Settings with { Queue = "***" } };

        HostCommands.Of(run with { Shard = new ShardRecord(1, 4, "plan", "discovery") }, new Redactor()).ShouldBeEmpty();
        HostCommands.Of(queued, new Redactor()).ShouldBeEmpty();
        HostCommands.Of(queued with { Parts = [new PartRecord(1, "machine", "run", 0, 2, 1, 1, 0)] }, new Redactor()).Length.ShouldBe(2);
    }

    [Fact]
    public void TeamCity_gets_results_artifacts_and_figures()
    {
        var lines = Of("TeamCity", [SampleRun.Failure(SampleRun.Entry("Fails"))]);

        lines[0].ShouldBe("##teamcity[importData type='vstest' path='/repo/artifacts/test-results.trx' whenNoDataPublished='nothing']");
        lines[1].ShouldBe("##teamcity[publishArtifacts '/repo/artifacts => test-results']");
        lines.ShouldContain("##teamcity[buildStatisticValue key='concurrentTest.wallSeconds' value='10']");
        lines.ShouldNotContain(line => line.Contains("buildProblem"));
    }

    [Theory]
    [InlineData("GitHubActions", "::error ")]
    [InlineData("AzurePipelines", "##vso[")]
    [InlineData("TeamCity", "##teamcity[")]
    public void Commands_in_names_and_messages_stay_text(string host, string start)
    {
        var test = SampleRun.Failure(SampleRun.Entry("Fails"), message: Hostile) with { Name = Hostile, SourceFile = $"/repo/{Hostile}.cs", Line = 1 };

        var lines = Of(host, [test], reason: Hostile);

        lines.ShouldAllBe(line => line.StartsWith(start, StringComparison.Ordinal) && !line.Contains('\n') && !line.Contains('\r'));
        lines.ShouldAllBe(line => line.IndexOf("##", 1, StringComparison.Ordinal) < 0);
    }

    [Fact]
    public void Secrets_are_in_no_command()
    {
        var redactor = new Redactor();
        redactor.Register("geheim-ist-es");

        foreach (var host in new[] { "GitHubActions", "AzurePipelines", "TeamCity" })
            string.Join('\n', HostCommands.Of(Run(host, [SampleRun.Failure(SampleRun.Entry("Fails"), message: "geheim-ist-es")], ConcurrentTestExitCode.TestsFailed, "geheim-ist-es"), redactor)).ShouldNotContain("geheim");
    }

    [Fact]
    public void Below_a_checkout_GitHub_gets_files_as_they_are_in_it()
    {
        using var workspace = new TemporaryFolder();
        var before = Environment.GetEnvironmentVariable("GITHUB_WORKSPACE");
        Environment.SetEnvironmentVariable("GITHUB_WORKSPACE", workspace.Path);
        try
        {
            var root = Path.Combine(workspace.Path, "services", "shop");
            var failure = SampleRun.Failure(SampleRun.Entry("Fails"), stack: $"   at Shop.Tests.OrderTests.Fails() in {root}/tests/OrderTests.cs:line 7");
            var run = SampleRun.Run(new ConcurrentTestSettings { RootDirectory = root, ResultsDirectory = root, Host = "GitHubActions" }, [failure]) with { ExitCode = ConcurrentTestExitCode.TestsFailed };

            HostCommands.Of(run, new Redactor()).Single().ShouldStartWith("::error file=services/shop/tests/OrderTests.cs,line=7,");
        }
        finally
        {
            Environment.SetEnvironmentVariable("GITHUB_WORKSPACE", before);
        }
    }

    [Fact]
    public void A_frame_of_a_library_that_was_built_deterministically_is_not_taken_for_the_repositorys()
    {
        using var root = new TemporaryFolder();
        Directory.CreateDirectory(Path.Combine(root.Path, "tests"));
        File.WriteAllText(Path.Combine(root.Path, "tests", "OrderTests.cs"), "");
        const string stack = """
               at MySqlConnector.Core.ServerSession.ReceiveReplyAsync() in /_/src/MySqlConnector/Core/ServerSession.cs:line 936
               at Shop.Tests.OrderTests.Fails() in /_/tests/OrderTests.cs:line 7
            """;
        var run = SampleRun.Run(new ConcurrentTestSettings { RootDirectory = root.Path, ResultsDirectory = root.Path, Host = "GitHubActions" }, [SampleRun.Failure(SampleRun.Entry("Fails"), stack: stack)]) with { ExitCode = ConcurrentTestExitCode.TestsFailed };

        HostCommands.Of(run, new Redactor()).Single().ShouldContain("tests/OrderTests.cs,line=7,");
    }

    private static List<string> Of(string host, List<TestRecord> tests, ConcurrentTestExitCode exitCode = ConcurrentTestExitCode.TestsFailed, string reason = "It does not build.") =>
        [.. HostCommands.Of(Run(host, tests, exitCode, reason), new Redactor())];

    private static RunRecord Run(string host, List<TestRecord> tests, ConcurrentTestExitCode exitCode, string reason) =>
        SampleRun.Run(new ConcurrentTestSettings { RootDirectory = "/repo", ResultsDirectory = "/repo/artifacts", Host = host }, [.. tests]) with { ExitCode = exitCode, Reason = reason };
}
