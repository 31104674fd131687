using System.Text.Json;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>A run where the environment says production.</summary>
public sealed class ProductionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Hosts.Direct)]
    [InlineData(Hosts.Console)]
    public async Task The_fallback_runs_all_tests_on_one_worker_without_databases_and_variables_of_ours(string host)
    {
        using var suite = new TroubledSuite();
        using var run = SampleRun.StartIn(
            suite.Folder,
            ["setsid", "dotnet", .. suite.Command($"--workers 4 --test-host {host} --test-production-fallback sequential --test-database sqlite --test-template {suite.Template} --test-environment SHOP={{Database}} --test-filter {TroubledSuite.RowsOnly}")],
            [.. suite.Variables("HANG_ONCE=Rows50:2"), ("DOTNET_ENVIRONMENT", "Production")]);
        var process = await suite.ProcessOfAsync(run, "HANG_ONCE", "Rows50:2", Cancellation);
        string?[] variables = [ProcessTree.Variable(process, "CONCURRENT_TEST_DATABASE"), ProcessTree.Variable(process, "CONCURRENT_TEST_CONNECTION_STRING"), ProcessTree.Variable(process, "SHOP")];
        await SampleRun.SignalAsync(process, "KILL", Cancellation);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        variables.ShouldAllBe(variable => variable == null);
        outcome.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(3), ignoreOrder: true);
        outcome.Incidents.ShouldContain("production-sequential");
        outcome.Run.GetProperty("workers").GetInt32().ShouldBe(1);
        outcome.Run.GetProperty("database").ValueKind.ShouldBe(JsonValueKind.Null);
    }
}
