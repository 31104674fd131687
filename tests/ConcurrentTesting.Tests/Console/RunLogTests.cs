using ConcurrentTesting.Console;
using ConcurrentTesting.Record;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class RunLogTests
{
    [Fact]
    public async Task Every_line_has_its_UTC_time_and_level_whatever_the_console_wants()
    {
        await using var run = new ShownRun(level: LogLevel.Error);
        run.Console.Log.LogTrace("quiet");
        run.Wait(1.5);
        run.Console.Log.LogInformation("two\nlines");
        run.Console.Log.LogError("loud");
        run.ReadRunLog().ShouldBe(
            """
            2026-01-02T03:04:05.000Z VRB quiet
            2026-01-02T03:04:06.500Z INF two
            2026-01-02T03:04:06.500Z INF lines
            2026-01-02T03:04:06.500Z ERR loud

            """);
        run.Wait();
        run.Terminal.Text.ShouldBe("[ERR] loud");
    }

    [Fact]
    public async Task It_has_a_bound_beyond_which_only_warnings_are_written_for_a_while()
    {
        var folder = Directory.CreateTempSubdirectory("run-log-").FullName;
        await using (var log = RunLog.Open(folder, new FakeTimeProvider(), limit: 8_000))
        {
            log.Write(LogLevel.Information, new string('a', 5_000));
            log.Write(LogLevel.Information, new string('\n', 5_000));
            log.Write(LogLevel.Information, "quiet");
            log.Write(LogLevel.Warning, "loud");
            for (var i = 0; i < 1_000; i++)
                log.Write(LogLevel.Error, "louder and louder");
        }

        var text = File.ReadAllText(Path.Combine(folder, RunLog.FileName));
        Directory.Delete(folder, recursive: true);
        text.Length.ShouldBeInRange(8_000, 9_300);
        text.ShouldContain("WRN run.log is full (8000 characters)");
        text.ShouldContain("WRN loud");
        text.ShouldNotContain("quiet");
    }

    [Fact]
    public async Task It_is_on_disk_within_a_second_and_at_once_from_warnings_up()
    {
        await using var run = new ShownRun();
        run.Console.Log.LogInformation("soon");
        run.ReadRunLog().ShouldBe("");
        run.Wait(1);
        run.ReadRunLog().ShouldContain("INF soon");
        run.Console.Log.LogWarning("now");
        run.ReadRunLog().ShouldContain("WRN now");
    }

    [Fact]
    public async Task It_has_each_start_and_result_so_that_a_killed_run_tells_what_was_running()
    {
        await using var run = new ShownRun();
        var entry = SampleRun.Entry("Pays");
        run.Begin(1, workers: 4);
        run.Console.TestStarted(3, entry);
        run.Console.TestFinished(SampleRun.Result(entry, SampleRun.Attempt(TestOutcome.Passed, worker: 3)), isFinal: true);
        run.Wait(1);
        run.ReadRunLog().ShouldEndWith(
            """
            VRB phase tests
            2026-01-02T03:04:05.000Z VRB planned 1 test on 4 workers, expected to take 0.0s
            2026-01-02T03:04:05.000Z VRB worker 3 runs Shop.Tests (net10.0)/Shop.Tests.OrderTests.Pays
            2026-01-02T03:04:05.000Z VRB worker 3 Passed 0.500s attempt 1 Shop.Tests (net10.0)/Shop.Tests.OrderTests.Pays

            """);
    }

    [Fact]
    public async Task A_mendable_error_has_its_stack_trace_only_here()
    {
        await using var run = new ShownRun();
        run.Console.Log.LogError(new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, "No server at db:5432."), "Giving up");
        run.Console.Log.LogError(new InvalidOperationException("a defect"), "Giving up");
        run.Wait();
        run.Terminal.Text.ShouldBe("[ERR] Giving up\nNo server at db:5432.\n[ERR] Giving up\nSystem.InvalidOperationException: a defect");
        run.ReadRunLog().ShouldContain("ERR ConcurrentTesting.ConcurrentTestException: No server at db:5432.");
    }

    [Fact]
    public async Task The_last_run_is_forgotten()
    {
        var folder = Directory.CreateTempSubdirectory("run-log-");
        var file = Path.Combine(folder.FullName, "run.log");
        await File.WriteAllTextAsync(file, "old", TestContext.Current.CancellationToken);
        var log = RunLog.Open(folder.FullName, new FakeTimeProvider(SampleRun.Start));
        new FileInfo(file).Length.ShouldBe(0);
        log.Write(LogLevel.Information, "new");
        await log.DisposeAsync();
        log.Write(LogLevel.Information, "too late");
        (await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).ShouldBe("2026-01-02T03:04:05.000Z INF new\n");
        folder.Delete(recursive: true);
    }

    [Fact]
    public void A_results_directory_that_cannot_be_made_is_a_bad_setting()
    {
        var folder = Directory.CreateTempSubdirectory("run-log-");
        var inTheWay = Path.Combine(folder.FullName, "results");
        File.WriteAllText(inTheWay, "");
        var exception = Should.Throw<ConcurrentTestException>(() => RunLog.Open(inTheWay, TimeProvider.System));
        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        exception.Message.ShouldContain(inTheWay);
        exception.Message.ShouldContain("--test-results-directory");
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Lines_of_many_threads_stay_whole()
    {
        await using var run = new ShownRun(isLive: false, level: LogLevel.None);
        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), TestContext.Current.CancellationToken, (i, _) =>
        {
            run.Console.Log.LogInformation("line {Number} of many", i);
            return ValueTask.CompletedTask;
        });
        await run.Console.DisposeAsync();
        run.ReadRunLog().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[25..]).Order()
            .ShouldBe(Enumerable.Range(0, 2000).Select(i => $"INF line {i} of many").Order());
    }
}
