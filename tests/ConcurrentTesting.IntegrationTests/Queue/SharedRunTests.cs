using System.Xml.Linq;
using ConcurrentTesting.IntegrationTests.Databases;
using ConcurrentTesting.IntegrationTests.Samples;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Queue;

/// <summary>Two builds share a run by a queue: real tests in real test hosts, each machine with databases of its own.</summary>
public sealed class SharedRunTests(DatabaseServers servers) : IDisposable
{
    private const string Password = "s3cret-Qz8-queue'word";

    private static int _runs;

    private readonly string _run = $"shared-{Environment.ProcessId}-{Interlocked.Increment(ref _runs)}";
    private readonly TroubledSuite[] _machines = [new(), new()];
    private readonly List<SampleRun> _started = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _started.ForEach(run => run.Dispose());
        foreach (var machine in _machines)
            machine.Dispose();
    }

    [Fact]
    public async Task Two_machines_share_a_run_and_its_verdict_and_the_merge_has_all_of_it()
    {
        var outcomes = await Task.WhenAll(await StartAsync(0, "FAIL=Rows07:3", "CRASH=Rows12:1"), await StartAsync(1, "FAIL=Rows07:3", "CRASH=Rows12:1"));

        outcomes.ShouldAllBe(outcome => outcome.ExitCode == 1 && outcome.Reason.Contains("2 of 300 tests failed"));
        outcomes.ShouldAllBe(outcome => outcome.Tests.Count > 0);
        var merged = await MergeAsync();
        merged.ExitCode.ShouldBe(1, merged.Output);
        merged.Tests.Count.ShouldBe(300);
        merged.Tests.Select(test => (test.ClassName, test.Name)).ShouldBe(TroubledSuite.AllRows(each: 3), ignoreOrder: true);
        merged.Tests.Where(test => test.Outcome != "Passed").Select(test => test.ClassName).Order().ShouldBe(["Troubled.Rows07", "Troubled.Rows12"]);
        XDocument.Parse(merged.JUnit).Descendants("testcase").Count().ShouldBe(300);
        merged.Run.GetProperty("parts").GetArrayLength().ShouldBe(2);
        outcomes.Sum(outcome => outcome.Tests.Count).ShouldBeGreaterThanOrEqualTo(300);

        var retried = await await StartAsync(0);
        retried.ExitCode.ShouldBe(1, retried.Output);
        retried.Output.ShouldContain("its verdict is repeated");
        retried.Tests.Count.ShouldBe(300);
        _machines.SelectMany(machine => Directory.EnumerateFiles(machine.Folder, "*", SearchOption.AllDirectories)).Where(file => File.ReadAllText(file).Contains(Password)).ShouldBeEmpty();
        outcomes.Append(merged).Append(retried).ShouldAllBe(outcome => !outcome.Output.Contains(Password));
        (await HeldAsync()).ShouldBe(0, "a password lies in the queue");
    }

    [Fact]
    public async Task A_machine_that_its_host_wants_back_leaves_the_rest_to_the_other()
    {
        // It could not do them all before the other is there.
        var (leaving, leavingEnds) = await StartRunAsync(0, "DELAY=1000");
        await leaving.RunningAsync(Cancellation);
        var (other, otherEnds) = await StartRunAsync(1);
        await other.RunningAsync(Cancellation);
        await SampleRun.SignalAsync(leaving.ProcessId, "TERM", Cancellation);

        var left = await leavingEnds;
        left.ExitCode.ShouldBe(0, left.Output);
        left.Reason.ShouldContain("left run");
        var ended = await otherEnds;
        ended.ExitCode.ShouldBe(0, ended.Output);
        var merged = await MergeAsync();
        merged.ExitCode.ShouldBe(0, merged.Output);
        merged.Tests.Count.ShouldBe(300);
        merged.Tests.ShouldAllBe(test => test.Outcome == "Passed");
    }

    [Fact]
    public async Task A_run_that_nobody_began_is_no_green_merge()
    {
        var merged = await MergeAsync();

        merged.ExitCode.ShouldBe(2, merged.Output);
        merged.Reason.ShouldContain($"There is no run {_run} in the queue");
    }

    private async Task<Task<SampleOutcome>> StartAsync(int machine, params string[] trouble) => (await StartRunAsync(machine, trouble)).Ends;

    private async Task<(SampleRun Run, Task<SampleOutcome> Ends)> StartRunAsync(int machine, params string[] trouble)
    {
        var suite = _machines[machine];
        var run = SampleRun.StartIn(
            suite.Folder, ["setsid", "dotnet", .. suite.Command($"--workers 2 --test-filter {TroubledSuite.RowsOnly} --test-queue-run {_run}")], [.. suite.Variables(trouble), ("NUKE_TEST_QUEUE", await QueueAsync())]);
        _started.Add(run);
        return (run, run.EndAsync(Cancellation));
    }

    private async Task<SampleOutcome> MergeAsync()
    {
        var folder = Path.Combine(_machines[0].Folder, "merged");
        Directory.CreateDirectory(folder);
        using var run = SampleRun.StartIn(folder, ["dotnet", Repository.Build, "ConcurrentTestMerge", "--root", folder, "--test-template", "none", "--test-queue-run", _run], ("NUKE_TEST_QUEUE", await QueueAsync()));
        return await run.EndAsync(Cancellation);
    }

    private async Task<string> QueueAsync() =>
        new NpgsqlConnectionStringBuilder(await servers.PostgreSqlAsync()) { Password = Password, Database = "postgres" }.ConnectionString;

    private async Task<object?> HeldAsync()
    {
        await using var connection = new NpgsqlConnection(await QueueAsync() + ";Pooling=False");
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand("SELECT count(*)::int FROM concurrent_test.runs WHERE fingerprint::text LIKE '%s3cret%' OR reason LIKE '%s3cret%'", connection);
        return await command.ExecuteScalarAsync(Cancellation);
    }
}
