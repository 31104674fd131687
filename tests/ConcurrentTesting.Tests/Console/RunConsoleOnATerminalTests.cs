using ConcurrentTesting.Record;
using Microsoft.Extensions.Logging;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class RunConsoleOnATerminalTests
{
    [Fact]
    public async Task The_block_shows_the_run_and_what_each_worker_does()
    {
        await using var run = new ShownRun(columns: 110);
        var entries = SampleRun.Entries(6);
        run.Begin(6, workers: 3, expectedSeconds: 20);
        run.Console.TestStarted(0, entries[0]);
        run.Console.TestStarted(1, entries[1]);
        run.Wait(4);
        run.Console.TestFinished(SampleRun.Result(entries[0]), isFinal: true);
        run.Console.TestStarted(0, entries[2]);
        run.Wait(1.5);

        run.Terminal.Text.ShouldBe(
            """

               16% [=====>                        ] 1/6  5s, about 19s left
              0      1s  OrderTests.Places_order_3
              1      5s  OrderTests.Places_order_2
              2          waiting
            """);
        run.Terminal.CursorIsVisible.ShouldBeFalse();
        run.Terminal.IsUpdating.ShouldBeFalse();
    }

    [Theory]
    [InlineData(60, "  100% [==============================] 2/2 of 1 case  0s")]
    [InlineData(34, "  100% [================] 2/2  0s")]
    [InlineData(22, "  100%  2/2  0s")]
    public async Task What_is_least_important_gives_way_to_the_bar_and_the_bar_to_the_counts(int columns, string shown)
    {
        await using var run = new ShownRun(columns);
        run.Begin(1, workers: 0);
        foreach (var entry in SampleRun.Entries(2))
            run.Console.TestFinished(SampleRun.Result(entry), isFinal: true);
        run.Wait();

        run.Terminal.Text.Trim('\n').ShouldStartWith(shown);
    }

    [Fact]
    public async Task Tests_that_begin_before_all_are_discovered_are_no_part_of_nothing()
    {
        await using var run = new ShownRun();
        run.Console.PhaseStarted("tests");
        run.Console.TestFinished(SampleRun.Result(SampleRun.Entry("Pays")), isFinal: true);
        run.Wait();

        run.Terminal.Text.Trim('\n').ShouldStartWith("  1 test done while discovery goes on  0s");
    }

    [Fact]
    public async Task Log_lines_stand_above_the_block_in_their_order()
    {
        await using var run = new ShownRun(columns: 60);
        var entries = SampleRun.Entries(2);
        run.Begin(2, workers: 1);
        run.Console.TestStarted(0, entries[0]);
        for (var i = 1; i <= 40; i++)
        {
            run.Console.Log.LogInformation("line {Number}", i);
            if (i % 3 == 0)
                run.Wait();
        }

        run.Wait();
        var lines = run.Terminal.Text.Split('\n');
        lines[..40].ShouldBe(Enumerable.Range(1, 40).Select(i => $"[INF] line {i}"));
        lines[40..].ShouldBe(["", "    0% [>                             ] 0/2  1s", "  0      1s  OrderTests.Places_order_1"]);
    }

    [Fact]
    public async Task A_failure_is_printed_above_the_block_and_counted_in_it()
    {
        await using var run = new ShownRun(columns: 100);
        var entry = SampleRun.Entry("Places_an_order(3)");
        run.Begin(2, workers: 1);
        run.Console.TestStarted(0, entry);
        var stack = $"   at Shop.Tests.OrderTests.Places_an_order(Int32 n) in {run.Settings.RootDirectory}/tests/OrderTests.cs:line 42\n   at Xunit.Sdk.Runner.Go()";
        run.Console.TestFinished(SampleRun.Failure(entry, stack: stack), isFinal: true);
        run.Wait();

        run.Terminal.Text.ShouldBe(
            """
            [INF] FAIL  Shop.Tests.OrderTests.Places_an_order(3)  [Shop.Tests (net10.0), worker 0, 1.23s]
              Expected 1, was 2.
                at Shop.Tests.OrderTests.Places_an_order(Int32 n) in tests/OrderTests.cs:42

               50% [===============>              ] 1/2  1 failed  0s, about 1s left
              0          OrderTests.Places_an_order(3)
            """);
    }

    [Fact]
    public async Task A_test_that_will_be_tried_again_is_counted_and_not_printed()
    {
        await using var run = new ShownRun(columns: 60);
        var entry = SampleRun.Entry("Places_an_order");
        run.Begin(2, workers: 1);
        run.Console.TestFinished(SampleRun.Failure(entry), isFinal: false);
        run.Wait();
        run.Terminal.Text.ShouldStartWith("\n    0% [>                            ] 0/2  1 run again  0s");
        run.Console.TestFinished(SampleRun.Result(entry, SampleRun.Attempt(TestOutcome.Failed), SampleRun.Attempt(number: 2)), isFinal: true);
        run.Wait();
        run.Terminal.Text.ShouldStartWith("\n   50%  1/2  1 flaky  1 run again  0s");
        run.Terminal.Text.ShouldNotContain("FAIL");
    }

    [Fact]
    public async Task Nothing_is_written_while_nothing_changes()
    {
        await using var run = new ShownRun();
        run.Begin(2, workers: 2);
        run.Wait();
        var writes = run.Surface.Writes;
        run.Wait(0.8);
        run.Surface.Writes.ShouldBe(writes);
        run.Wait(0.2);
        run.Surface.Writes.ShouldBe(writes + 1, "the clock has moved on");
    }

    [Fact]
    public async Task A_thousand_results_between_two_turns_are_one_frame()
    {
        await using var run = new ShownRun();
        run.Begin(1000, workers: 8);
        run.Wait();
        var writes = run.Surface.Writes;
        foreach (var (entry, i) in SampleRun.Entries(1000).Select((entry, i) => (entry, i)))
        {
            run.Console.TestStarted(i % 8, entry);
            run.Console.TestFinished(SampleRun.Result(entry, SampleRun.Attempt(worker: i % 8)), isFinal: true);
        }

        run.Wait();
        run.Surface.Writes.ShouldBe(writes + 1);
        run.Terminal.Text.ShouldContain("1000/1000");
    }

    [Fact]
    public async Task More_workers_than_rows_show_those_that_have_been_busy_the_longest()
    {
        await using var run = new ShownRun(columns: 50, rows: 9);
        var entries = SampleRun.Entries(64);
        run.Begin(100, workers: 64);
        for (var worker = 63; worker > 3; worker--)
        {
            run.Console.TestStarted(worker, entries[worker]);
            run.Wait();
        }

        run.Terminal.Screen.ShouldBe(
            """

                0% [>                             ] 0/100  6s
              63      6s  OrderTests.Places_order_64
              62      5s  OrderTests.Places_order_63
              61      5s  OrderTests.Places_order_62
              and 57 more running, 4 waiting
            """);
    }

    [Fact]
    public async Task Sixty_four_workers_have_a_line_each_where_there_is_room()
    {
        await using var run = new ShownRun(columns: 80, rows: 100);
        run.Begin(100, workers: 64);
        run.Wait();
        run.Terminal.UsedRows.ShouldBe(66);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(5, 2)]
    [InlineData(12, 3)]
    [InlineData(30, 24)]
    public async Task The_block_fits_the_smallest_terminal(int columns, int rows)
    {
        await using var run = new ShownRun(columns, rows);
        run.Begin(2000, workers: 8, expectedSeconds: 100);
        run.Console.TestStarted(0, SampleRun.Entry("Places_an_order"));
        run.Wait(1.5);
        run.Terminal.UsedRows.ShouldBeLessThanOrEqualTo(rows);
        run.Terminal.Text.ShouldBe(run.Terminal.Screen, "nothing may scroll");
    }

    [Theory]
    [InlineData("Sends_to(city: \"東京都港区芝公園四丁目二番八号\")")]
    [InlineData("Rates(text: \"👍🏽👍🏽👍🏽👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧🇩🇪✔️✔️✔️✔️✔️✔️\")")]
    [InlineData("Combines(text: \"e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301e\u0301\")")]
    public async Task Wide_characters_are_cut_by_columns_and_never_in_the_middle(string name)
    {
        for (var columns = 20; columns < 70; columns++)
        {
            await using var run = new ShownRun(columns);
            run.Begin(1, workers: 1);
            run.Console.TestStarted(0, SampleRun.Entry(name));
            run.Wait();
            run.Terminal.UsedRows.ShouldBe(3);
            var shown = run.Terminal.Text.Split('\n')[2].TrimStart()[1..].TrimStart();
            $"OrderTests.{name}".ShouldStartWith(shown);
            shown.ShouldNotContain('\uFFFD');
            run.Terminal.Text.ShouldNotEndWith("\u200d");
        }
    }

    [Theory]
    [InlineData(40, 24)]
    [InlineData(25, 12)]
    [InlineData(120, 24)]
    [InlineData(80, 8)]
    [InlineData(30, 6)]
    public async Task After_a_resize_nothing_of_the_old_block_remains(int columns, int rows)
    {
        await using var run = new ShownRun(80, 24);
        run.Begin(100, workers: 4, expectedSeconds: 50);
        for (var worker = 0; worker < 4; worker++)
            run.Console.TestStarted(worker, SampleRun.Entry($"Places_an_order_with_a_long_name_so_that_it_wraps(worker: {worker})"));
        run.Console.Log.LogInformation("first");
        run.Wait();
        run.Terminal.Resize(columns, rows);
        run.Wait();
        run.Console.Log.LogInformation("second");
        run.Wait();

        var text = run.Terminal.Text;
        text.ShouldStartWith("[INF] first\n[INF] second\n");
        text.Split("0/100").Length.ShouldBe(2, text);
        text.Split('\n').Length.ShouldBeLessThanOrEqualTo(8);
    }

    [Fact]
    public async Task A_resize_that_changes_no_line_is_answered_too_because_a_terminal_may_have_cut_some_off()
    {
        await using var run = new ShownRun(80, 24);
        run.Begin(2, workers: 2);
        run.Wait();
        var writes = run.Surface.Writes;
        run.Terminal.Resize(80, 20);
        run.Wait();
        run.Surface.Writes.ShouldBeGreaterThan(writes);
    }

    [Fact]
    public async Task Phases_before_the_tests_are_one_line()
    {
        await using var run = new ShownRun();
        run.Wait();
        run.Terminal.Text.ShouldBe("");
        run.Console.PhaseStarted("build");
        run.Wait(2.1);
        run.Terminal.Text.ShouldBe("\n  Building  2s");
        run.Console.PhaseStarted("discovery");
        run.Console.PhaseStarted("template");
        run.Wait(1.1);
        run.Terminal.Text.ShouldBe("\n  Discovering tests, Preparing databases  3s");
        run.Console.PhaseStarted("reports");
        run.Wait();
        run.Terminal.Text.ShouldBe("\n  Writing reports  3s");
    }

    [Fact]
    public async Task A_finished_run_leaves_only_lines_and_a_visible_cursor()
    {
        await using var run = new ShownRun(columns: 100);
        var entries = SampleRun.Entries(2);
        run.Begin(2, workers: 2);
        run.Console.TestStarted(0, entries[0]);
        run.Wait();
        run.Console.TestFinished(SampleRun.Result(entries[0]), isFinal: true);
        run.Console.TestFinished(SampleRun.Failure(entries[1]), isFinal: true);
        run.Wait();
        run.Console.Finish(SampleRun.Run(run.Settings, SampleRun.Result(entries[0]), SampleRun.Failure(entries[1])) with
        {
            ExitCode = ConcurrentTestExitCode.TestsFailed,
            Reason = "1 test failed.",
        });
        await run.Console.DisposeAsync();

        run.Terminal.Text.ShouldBe(
            """
            [INF] FAIL  Shop.Tests.OrderTests.Places_order_2  [Shop.Tests (net10.0), worker 0, 1.23s]
              Expected 1, was 2.
            [INF] Results
              Tests      1 passed, 1 failed, 0 skipped; 2 discovered
              Time       10.0s (0.2x)
              Failed     Shop.Tests.OrderTests.Places_order_2  [Shop.Tests (net10.0)]
              Artifacts  results; begin with report.html
            FAILED  1 test failed.
            """);
        run.Terminal.CursorIsVisible.ShouldBeTrue();
        run.Terminal.IsUpdating.ShouldBeFalse();
    }

    [Fact]
    public async Task A_cancelled_run_takes_its_block_away_in_the_middle()
    {
        await using var run = new ShownRun(columns: 60);
        run.Begin(10, workers: 2);
        run.Console.TestStarted(0, SampleRun.Entry("Places_an_order"));
        run.Console.TestStarted(1, SampleRun.Entry("Pays"));
        run.Wait(3);
        run.Console.Finish(SampleRun.Run(run.Settings) with { ExitCode = ConcurrentTestExitCode.Cancelled, Reason = "Cancelled by Ctrl-C.", Discovered = 10 });
        await run.Console.DisposeAsync();
        run.Terminal.Text.ShouldBe(
            """
            [INF] Results
              Tests      0 passed, 0 failed, 0 skipped; 10 discovered
              Time       10.0s
              Artifacts  results; begin with report.html
            CANCELLED  Cancelled by Ctrl-C.
            """);
        run.Terminal.CursorIsVisible.ShouldBeTrue();
    }

    [Fact]
    public async Task An_exception_on_the_way_out_gives_the_cursor_back()
    {
        await using var outer = new ShownRun();
        await Should.ThrowAsync<InvalidOperationException>(async () =>
        {
            await using var console = outer.Console;
            outer.Begin(10, workers: 2);
            outer.Wait();
            outer.Terminal.CursorIsVisible.ShouldBeFalse();
            throw new InvalidOperationException();
        });
        outer.Terminal.Text.ShouldBe("");
        outer.Terminal.CursorIsVisible.ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_logged_after_the_end_is_still_printed()
    {
        await using var run = new ShownRun();
        await run.Console.DisposeAsync();
        run.Console.Log.LogInformation("late");
        run.Terminal.Text.ShouldBe("[INF] late");
    }

    [Fact]
    public async Task What_others_write_below_is_kept()
    {
        await using var run = new ShownRun(columns: 60);
        run.Begin(10, workers: 2);
        run.Wait();
        run.Terminal.Write("something else\n");
        run.Wait(1);
        run.Terminal.Text.ShouldStartWith("something else\n\n    0% [>");
        run.Terminal.Text.Split('\n').Length.ShouldBe(5);
    }

    [Fact]
    public async Task A_quiet_build_has_no_block_and_only_the_lines_it_wants()
    {
        await using var run = new ShownRun(level: LogLevel.Warning);
        run.Begin(10, workers: 2);
        run.Console.Log.LogInformation("chatter");
        run.Console.Log.LogWarning("careful");
        run.Wait(20);
        run.Terminal.Text.ShouldBe("[WAR] careful");
    }

    [Fact]
    public async Task Callers_do_not_wait_for_a_terminal_that_takes_nothing()
    {
        await using var run = new ShownRun();
        run.Begin(1000, workers: 1);
        run.Surface.IsTaking.Reset();
        var turn = Task.Run(() => run.Wait(), TestContext.Current.CancellationToken);
        var calls = Task.Run(
            () =>
            {
                foreach (var entry in SampleRun.Entries(1000))
                {
                    run.Console.TestStarted(0, entry);
                    run.Console.TestFinished(SampleRun.Failure(entry), isFinal: true);
                    run.Console.Log.LogWarning("careful");
                }
            },
            TestContext.Current.CancellationToken);
        await calls.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        run.Surface.IsTaking.Set();
        await turn;
    }

    [Fact]
    public async Task A_terminal_that_is_gone_does_not_end_the_run()
    {
        await using var run = new ShownRun();
        run.Begin(10, workers: 2);
        run.Wait();
        run.Surface.IsGone = true;
        run.Console.Log.LogInformation("unseen");
        run.Wait(1);
        await run.Console.DisposeAsync();
        run.ReadRunLog().ShouldContain("The terminal is gone.");
    }

    [Fact]
    public async Task Names_cannot_steer_the_terminal()
    {
        await using var run = new ShownRun(columns: 100);
        var entry = SampleRun.Entry("Evil(text: \"\e[2J\a\b\nnext\")");
        run.Begin(1, workers: 1);
        run.Console.TestStarted(0, entry);
        run.Console.TestFinished(SampleRun.Failure(entry, message: "\e[H\e]0;title\a"), isFinal: true);
        run.Wait();
        run.Terminal.Text.ShouldContain(@"FAIL  Shop.Tests.OrderTests.Evil(text: ""\u001b[2J\u0007\u0008\nnext"")");
        run.Terminal.Text.ShouldContain(@"\u001b[H\u001b]0;title\u0007");
    }

    [Fact]
    public async Task Colours_are_used_only_where_they_are_wanted()
    {
        await using var coloured = new ShownRun(hasColours: true);
        coloured.Begin(1, workers: 1);
        coloured.Wait();
        coloured.Terminal.Text.ShouldContain("0/1");
        coloured.Surface.Written.ShouldContain("\e[1m0/1\e[0m");

        await using var plain = new ShownRun();
        plain.Begin(1, workers: 1);
        plain.Wait();
        plain.Surface.Written.ShouldNotContain("m0/1");
    }

    [Theory]
    [InlineData(true, "\e[33m")]
    [InlineData(false, "")]
    public async Task A_slow_test_is_marked_with_and_without_colours(bool hasColours, string colour)
    {
        await using var run = new ShownRun(columns: 60, hasColours: hasColours);
        run.Begin(2, workers: 2);
        run.Console.TestStarted(0, SampleRun.Entry("Waits"));
        run.Wait(2);
        run.Console.TestStarted(1, SampleRun.Entry("Pays"));
        run.Wait(29);

        run.Terminal.Text.ShouldEndWith("\n  0    !31s  OrderTests.Waits\n  1     29s  OrderTests.Pays");
        run.Surface.Written.ShouldContain($"{colour}    !31s");
    }

    [Fact]
    public async Task A_slow_test_is_announced_at_thirty_seconds_and_at_each_doubling()
    {
        await using var run = new ShownRun(columns: 110);
        run.Begin(2, workers: 4);
        run.Console.TestStarted(3, SampleRun.Entry("Waits"));
        run.Wait(29.9);
        run.Terminal.Text.ShouldNotContain("SLOW");
        run.Wait(100);
        run.Terminal.Text.Split('\n')[..2].ShouldBe(
        [
            "[INF] SLOW  Shop.Tests.OrderTests.Waits  [Shop.Tests (net10.0), worker 3] running for 30s",
            "[INF] SLOW  Shop.Tests.OrderTests.Waits  [Shop.Tests (net10.0), worker 3] running for 1m 00s",
        ]);
        run.Terminal.Text.Split("SLOW").Length.ShouldBe(4, "30 s, 60 s and 120 s");
    }
}
