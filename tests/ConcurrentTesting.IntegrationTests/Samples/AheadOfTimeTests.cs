using System.Diagnostics;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Test hosts that start with assemblies of packages compiled ahead, by the real compiler from the real feed.</summary>
public sealed class AheadOfTimeTests
{
    private const string Cleaned = "--workers 2 --test-filter FullyQualifiedName~Outside.CleanedBy|FullyQualifiedName~TestsAlone";

    // One that is a program, and those that a test host loads.
    private static readonly string[] Suites = ["Troubled.XUnit3", "Troubled.MSTest", "Troubled.XUnit2", "Troubled.NUnit"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Results_are_the_same_with_assemblies_that_were_compiled_ahead_on_both_hosts()
    {
        if (!OperatingSystem.IsLinux() || System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("Only Linux on x64 has been tried.");
        using var troubled = new TroubledSuite();
        var plain = await RunAsync(troubled, "");
        plain.ExitCode.ShouldBe(1, plain.Output);

        // The first one on a CI host compiles nothing; each later one goes on until the next has all.
        var first = await RunAsync(troubled, "--test-ahead-of-time auto");
        Log(first).ShouldContain("is not compiled ahead in the first run on a CI host");
        var ahead = first;
        for (var bound = Stopwatch.StartNew(); bound.Elapsed < SampleRun.Patience && Started(ahead) < Suites.Length;)
            ahead = await RunAsync(troubled, "--test-ahead-of-time auto", "DELAY=1000");
        Started(ahead).ShouldBe(Suites.Length, Log(ahead));
        var console = await RunAsync(troubled, "--test-ahead-of-time auto --test-host console");
        Started(console).ShouldBe(Suites.Length, Log(console));

        foreach (var compiled in new[] { ahead, console })
        {
            compiled.ExitCode.ShouldBe(1, compiled.Output);
            compiled.Tests.ShouldBe(plain.Tests, ignoreOrder: true);
            compiled.OutsideNames.ShouldBe(plain.OutsideNames, ignoreOrder: true);
        }

        foreach (var suite in Suites)
            Directory.EnumerateDirectories(Path.GetDirectoryName(Path.GetDirectoryName(Repository.Assembly(suite)))!, "*.concurrent-test-*").ShouldBeEmpty();
    }

    private static async Task<SampleOutcome> RunAsync(TroubledSuite troubled, string arguments, params string[] trouble)
    {
        using var run = SampleRun.StartIn(
            troubled.Folder, Suites, [.. $"{Cleaned} {arguments} --test-database sqlite --test-template {troubled.Template}".Split(' ', StringSplitOptions.RemoveEmptyEntries)],
            [.. troubled.Variables(["CLEANUP=class", .. trouble]), ("XDG_DATA_HOME", Path.Combine(troubled.Folder, "data")), ("CI", "true")]);
        return await run.EndAsync(Cancellation);
    }

    private static int Started(SampleOutcome outcome) => Log(outcome).Split("assemblies compiled ahead").Length - 1;

    private static string Log(SampleOutcome outcome) => File.ReadAllText(Path.Combine(outcome.Results, "run.log"));
}
