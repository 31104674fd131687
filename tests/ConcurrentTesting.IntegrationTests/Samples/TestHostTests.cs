using System.Text.RegularExpressions;
using System.Xml.Linq;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Test hosts that the run starts itself and keeps, beside those that vstest.console starts for each batch.</summary>
public sealed class TestHostTests
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
    private static readonly string[] Suites = ["XUnit2", "XUnit3", "NUnit", "MSTest"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Results_and_what_they_say_are_the_same_with_both_hosts()
    {
        const int Workers = 8;
        string[] arguments = ["--workers", $"{Workers}", "--test-settings", Repository.SerialRunSettings, "--test-seed", "20260302"];
        using var direct = SampleRun.Start(Suites, [.. arguments, "--test-host", "direct"]);
        var ofDirect = await direct.EndAsync(Cancellation);
        using var console = SampleRun.Start(Suites, [.. arguments, "--test-host", "console"]);
        var ofConsole = await console.EndAsync(Cancellation);

        ofDirect.ExitCode.ShouldBe(0, ofDirect.Output);
        ofDirect.Tests.ShouldBe(ofConsole.Tests, ignoreOrder: true);
        ResultsIn(ofDirect).ShouldBe(ResultsIn(ofConsole), ignoreOrder: true);
        ofDirect.Incidents.ShouldBe(ofConsole.Incidents, ignoreOrder: true);
        ofDirect.Output.ShouldNotContain("runs on vstest.console");
        // One to discover each suite, and one a worker and suite for all of its batches.
        Regex.Count(Log(ofDirect), "Started test (host|program)").ShouldBeInRange(Suites.Length, Suites.Length + (Workers * Suites.Length));
        Log(ofDirect).ShouldNotContain("Started vstest.console");
    }

    [Fact]
    public async Task Failures_of_xunit_v3_read_the_same_from_its_program_and_from_its_adapter()
    {
        using var suite = new TroubledSuite("Troubled.XUnit3");
        const string told = "--workers 1 --test-filter FullyQualifiedName~Troubled.Told";

        var ofProgram = await suite.RunAsync(told, Cancellation, "TOLD=all");
        var log = Log(ofProgram);
        var results = ToldIn(ofProgram);
        var ofAdapter = await suite.RunAsync($"{told} --test-host console", Cancellation, "TOLD=all");

        ofProgram.ExitCode.ShouldBe(1, ofProgram.Output);
        log.ShouldContain("Started test program");
        ofAdapter.ExitCode.ShouldBe(1, ofAdapter.Output);
        results.ShouldBe(ToldIn(ofAdapter), ignoreOrder: true);
        results.Count(result => result.Contains("Failed", StringComparison.Ordinal)).ShouldBeGreaterThan(4);
    }

    [Fact]
    public async Task Program_of_xunit_v3_that_cannot_be_asked_gives_way_to_its_adapter()
    {
        using var suite = new TroubledSuite("Troubled.XUnit3");
        var settings = suite.Write("xunit.runsettings", "<RunSettings><xUnit><MethodDisplay>Method</MethodDisplay></xUnit></RunSettings>");

        var outcome = await suite.RunAsync($"--workers 1 --test-settings {settings} --test-filter FullyQualifiedName~Troubled.Told", Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        Log(outcome).ShouldContain("runs in test hosts: its run settings have <xUnit> <MethodDisplay>.");
        Log(outcome).ShouldNotContain("Started test program");
    }

    [Fact]
    public async Task Worker_keeps_its_host_for_all_batches_of_an_assembly()
    {
        using var folder = new TroubledSuite(isFirstRun: true);

        var outcome = await folder.RunAsync($"--workers 2 --test-filter {TroubledSuite.RowsOnly}", Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Run.GetProperty("batches").GetArrayLength().ShouldBeGreaterThan(4);
        const int discovering = 1;
        Regex.Count(Log(outcome), "Started test host").ShouldBe(discovering + 2, Log(outcome));
    }

    [Theory]
    [InlineData("direct")]
    [InlineData("console")]
    public async Task Message_of_twenty_megabytes_is_a_failure_and_no_time_out(string host)
    {
        using var folder = new TroubledSuite();

        var outcome = await folder.RunAsync($"--workers 1 --test-host {host} --test-timeout 30s --test-filter FullyQualifiedName~Troubled.Rows01", Cancellation, "LARGE=Rows01:2");

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Select(test => test.Outcome).Order().ShouldBe(["Failed", "Passed", "Passed"]);
    }

    [Fact]
    public async Task What_needs_a_console_gets_one_and_the_run_says_why()
    {
        using var folder = new TroubledSuite();
        var settings = folder.Write("loggers.runsettings", "<RunSettings><LoggerRunSettings><Loggers><Logger friendlyName=\"html\" /></Loggers></LoggerRunSettings></RunSettings>");

        var outcome = await folder.RunAsync($"--workers 1 --test-host direct --test-settings {settings} --test-filter FullyQualifiedName~Troubled.Rows01", Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        outcome.Output.ShouldContain("runs on vstest.console: its run settings have loggers.");
    }

    [Theory]
    [InlineData("version", "the test host speaks version 99 of the protocol.")]
    [InlineData("early", "sent a message that cannot be understood: ")]
    [InlineData("late", "sent a message that cannot be understood: ")]
    public async Task Test_hosts_that_nobody_understands_give_way_to_a_console_that_runs_what_has_no_result(string trouble, string reason)
    {
        const string ToConsole = "Troubled.XUnit2 (net10.0) runs on vstest.console from now on: ";
        if (OperatingSystem.IsWindows())
            Assert.Skip("A shell script stands for dotnet.");
        using var folder = new TroubledSuite();

        using var run = SampleRun.StartIn(
            folder.Folder, ["dotnet", .. folder.Command($"--workers 2 --test-host direct --test-filter {TroubledSuite.RowsOnly}0")],
            [.. folder.Variables("FAIL=Rows07:2"), ("DOTNET_HOST_PATH", DotNetWithTestHosts(folder, trouble))]);
        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(each: 3).Where(row => row.Class.StartsWith("Troubled.Rows0", StringComparison.Ordinal)), ignoreOrder: true);
        outcome.Tests.Where(test => test.Outcome != "Passed").ShouldHaveSingleItem().ClassName.ShouldBe("Troubled.Rows07");
        outcome.Tests.ShouldAllBe(test => test.Attempts == 1);
        outcome.OutsideNames.ShouldBeEmpty();
        Log(outcome).ShouldContain("Started vstest.console");
        Log(outcome).Split('\n').Where(line => line.Contains(ToConsole, StringComparison.Ordinal)).ShouldHaveSingleItem().ShouldContain(reason);
    }

    // A dotnet whose test hosts have something to hide.
    private static string DotNetWithTestHosts(TroubledSuite folder, string trouble)
    {
        var real = VsTestLocation.FindDotNet();
        Directory.CreateSymbolicLink(Path.Combine(folder.Folder, "shared"), Path.Combine(Path.GetDirectoryName(real)!, "shared"));
        var host = Path.Combine(AppContext.BaseDirectory, "ConcurrentTesting.IntegrationTests.Host.dll");
        var script = folder.Write("dotnet", $"""
            #!/bin/sh
            case "$*" in
                *testhost.dll*) exec '{real}' '{host}' testhost {trouble} '{real}' "$@" ;;
                *) exec '{real}' "$@" ;;
            esac
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        return script;
    }

    // With all texts and the bytes of all files; frames of reflection differ from run to run.
    private static List<string> ToldIn(SampleOutcome outcome) =>
        [.. XDocument.Load(Path.Combine(outcome.Results, "test-results.trx")).Descendants(Trx + "UnitTestResult").Select(result => string.Join('\n', (string?[])[
            result.Attribute("testName")!.Value,
            result.Attribute("outcome")?.Value,
            .. result.Descendants(Trx + "StdOut").Concat(result.Descendants(Trx + "Message")).Select(text => text.Value),
            .. result.Descendants(Trx + "StackTrace").SelectMany(text => text.Value.Split('\n')).Where(line => !line.Contains(" System.Reflection.", StringComparison.Ordinal) && !line.Contains("InvokeStub_", StringComparison.Ordinal)),
            .. result.Descendants(Trx + "ResultFile").Select(file => FileIn(outcome, file.Attribute("path")!.Value)).Order(StringComparer.Ordinal)]))];

    private static string FileIn(SampleOutcome outcome, string path)
    {
        var name = Path.GetFileName(path);
        var file = Directory.EnumerateFiles(outcome.Results, name, SearchOption.AllDirectories).First();
        return $"{name}: {Convert.ToHexString(File.ReadAllBytes(file))}";
    }

    private static string Log(SampleOutcome outcome) => File.ReadAllText(Path.Combine(outcome.Results, "run.log"));

    private static List<(string Name, string? Outcome, string Output)> ResultsIn(SampleOutcome outcome) =>
        [.. XDocument.Load(Path.Combine(outcome.Results, "test-results.trx")).Descendants(Trx + "UnitTestResult").Select(result => (
            result.Attribute("testName")!.Value,
            result.Attribute("outcome")?.Value,
            string.Join('\n', result.Descendants(Trx + "StdOut").Concat(result.Descendants(Trx + "Message")).Select(text => text.Value))))];
}
