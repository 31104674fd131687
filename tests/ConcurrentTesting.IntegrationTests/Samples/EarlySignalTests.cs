using ConcurrentTesting.IntegrationTests.Discovery;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Signals before any test runs: the run ends as cancelled, and nothing of it stays.</summary>
public sealed class EarlySignalTests : IDisposable
{
    private readonly TestRepository _repository = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Mark => _repository.In("mark");

    public void Dispose() => _repository.Dispose();

    [Theory]
    [InlineData("INT")]
    [InlineData("HUP")]
    public async Task A_signal_while_it_builds_ends_the_run_and_the_build(string signal)
    {
        _repository.AddProject(
            "Slow", "", "", $"""</ItemGroup><Target Name="Wait" BeforeTargets="CoreCompile"><Exec Command="touch {Mark}; exec sleep 300" /></Target><ItemGroup>{TestRepository.Packages("XUnit2")}""");

        await ShouldEndAsync("ConcurrentTest", "Slow", signal);
    }

    [Fact]
    public async Task A_signal_while_it_discovers_ends_the_run_or_the_plan_and_the_test_hosts()
    {
        _repository.AddSuite("Waiting", "NUnit", $$"""
            using NUnit.Framework; namespace Waiting;
            public class Waits
            {
                static IEnumerable<int> Rows { get { File.WriteAllText("{{Mark}}", ""); Thread.Sleep(Timeout.Infinite); yield return 1; } }
                [TestCaseSource(nameof(Rows))] public void Holds(int row) { }
            }
            """);
        await _repository.DotNetAsync("build", "Waiting", "--nologo", "--verbosity", "quiet");

        foreach (var target in new[] { "ConcurrentTest", "ConcurrentTestPlan" })
            await ShouldEndAsync($"{target} --test-no-build", "Waiting", "INT");
    }

    private async Task ShouldEndAsync(string arguments, string project, string signal)
    {
        File.Delete(Mark);
        using var run = SampleRun.StartIn(_repository.Path, ["setsid", "dotnet", Repository.Build, .. arguments.Split(' '), "--root", _repository.Path, "--test-template", "none", "--test-database", "none", "--test-projects", project]);
        await run.UntilAsync(() => File.Exists(Mark), $"{project} was begun", Cancellation);
        var below = ProcessTree.Below(run.ProcessId).ToList();
        below.ShouldNotBeEmpty();
        await SampleRun.SignalAsync(run.ProcessId, signal, Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(130, outcome.Output);
        outcome.Output.Split('\n')[^1].ShouldBe("0 passed, 0 failed, 0 skipped", outcome.Output);
        below.Where(id => ProcessTree.CommandLine(id).Length > 0).Select(ProcessTree.CommandLine).ShouldBeEmpty();
    }
}
