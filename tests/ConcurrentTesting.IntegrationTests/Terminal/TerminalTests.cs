using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Terminal;

public sealed class TerminalTests
{
    /// <summary>The approved texts are in the folder of the same name; a new one is written beside them as <c>received</c>.</summary>
    [Theory]
    [InlineData(80, 24, 1)]
    [InlineData(80, 24, 8)]
    [InlineData(80, 24, 64)]
    [InlineData(120, 40, 16)]
    [InlineData(200, 50, 64)]
    public async Task A_run_is_shown_as_approved(int columns, int rows, int workers)
    {
        using var terminal = await new TmuxTerminal(columns, rows).ShowAsync(400, workers, 90);
        for (var worker = 0; worker < workers; worker++)
            await terminal.DoAsync($"start {worker} Places_an_order_with_{worker}_items_and_a_name_that_is_longer_than_eighty_columns_leave_room_for", "wait 2");
        await terminal.DoAsync("wait 100", "pass 0 Places_an_order_with_0_items", "fail 0 Pays", "log a line of the engine", "start 0 Ships", "wait 12");

        var approved = Path.Combine(AppContext.BaseDirectory, "Terminal", "Approved", $"{columns}x{rows}-{workers}.txt");
        var expected = File.Exists(approved) ? File.ReadAllText(approved).TrimEnd('\n') : "";
        if (expected.Length == 0)
            await terminal.ShowsAsync(screen => screen.Contains("2/400", StringComparison.Ordinal), "the run");
        else
            await terminal.ShowsAsync(screen => screen == expected, expected);
        expected.ShouldNotBeEmpty($"there is no {approved}; it would be:\n{terminal.Screen}");

        terminal.CursorIsVisible.ShouldBeFalse();
        terminal.Scrollback.ShouldBe(terminal.Screen, "nothing has scrolled, and no line was wrapped");
    }

    [Fact]
    public async Task Many_lines_scroll_and_leave_one_block()
    {
        using var terminal = await new TmuxTerminal(60, 12).ShowAsync(100, 2, 0);
        await terminal.DoAsync("start 0 Ships", "start 1 Pays");
        for (var line = 1; line <= 60; line++)
            await terminal.DoAsync($"log line {line}", "wait 1");

        await terminal.ShowsAsync(screen => screen.Contains("line 60", StringComparison.Ordinal) && screen.EndsWith("OrderTests.Pays", StringComparison.Ordinal), "the last line and the block");
        var lines = terminal.Scrollback.Split('\n');
        lines.Where(line => line.StartsWith("line", StringComparison.Ordinal)).ShouldBe(Enumerable.Range(1, 60).Select(number => $"line {number}"));
        lines.Count(line => line.Contains("0/100", StringComparison.Ordinal)).ShouldBe(1);
    }

    [Theory]
    [InlineData(40, 24)]
    [InlineData(120, 30)]
    [InlineData(80, 9)]
    public async Task A_resize_leaves_one_block(int columns, int rows)
    {
        using var terminal = await new TmuxTerminal(80, 24).ShowAsync(100, 3, 50);
        await terminal.DoAsync("log first", "start 0 Places_an_order_with_a_name_that_is_longer_than_forty_columns", "start 1 Pays", "start 2 Ships", "wait 20");
        await terminal.ShowsAsync(screen => screen.EndsWith("OrderTests.Ships", StringComparison.Ordinal), "the block");
        terminal.Resize(columns, rows);
        await terminal.DoAsync("wait 10", "log second", "wait 10");
        // The terminal may tell its size after a while.
        for (var turn = 0; turn < 100 && !terminal.Screen.Contains("0/100", StringComparison.Ordinal); turn++)
            await terminal.DoAsync("wait 10");

        await terminal.ShowsAsync(screen => screen.Contains("second\n", StringComparison.Ordinal) && screen.EndsWith("OrderTests.Ships", StringComparison.Ordinal), "both lines and the block");
        var text = terminal.Scrollback;
        text.Split("0/100").Length.ShouldBe(2, text);
        text.Split("OrderTests.Pays").Length.ShouldBe(2, text);
        text.IndexOf("first", StringComparison.Ordinal).ShouldBeLessThan(text.IndexOf("second", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ctrl_Z_gives_the_terminal_to_the_shell_and_fg_shows_the_run_again()
    {
        using var terminal = await new TmuxTerminal(80, 24).ShowAsync(100, 2, 0);
        await terminal.DoAsync("log before", "start 0 Pays", "wait 20");
        await terminal.ShowsAsync(screen => screen.Contains("OrderTests.Pays", StringComparison.Ordinal), "the block");

        terminal.Press("C-z");
        await terminal.ShowsAsync(screen => screen.Contains("Stopped", StringComparison.Ordinal) && screen.EndsWith('$'), "the shell says that the run is stopped");
        terminal.Screen.ShouldNotContain("OrderTests.Pays");
        terminal.CursorIsVisible.ShouldBeTrue();

        terminal.Type("fg");
        await terminal.DoAsync("wait 20");
        await terminal.ShowsAsync(screen => screen.Contains("OrderTests.Pays", StringComparison.Ordinal), "the block again");
        terminal.CursorIsVisible.ShouldBeFalse();
    }

    [Fact]
    public async Task A_failure_is_coloured_and_what_differs_is_marked()
    {
        using var terminal = await new TmuxTerminal(80, 24).ShowAsync(10, 1, 0);
        await terminal.DoAsync("fail 0 Pays", "wait 1");
        await terminal.ShowsAsync(screen => screen.Contains("1/10", StringComparison.Ordinal), "the failure and the block");

        var screen = terminal.ColouredScreen;
        // As tmux says it.
        screen.ShouldContain("\e[1m\e[31mFAIL\e[0m");
        screen.ShouldContain("Expected: \e[32m10\e[7m4\e[0m");
        screen.ShouldContain("Actual:   \e[31m10\e[7m5\e[0m");
    }

    [Theory]
    [InlineData("NO_COLOR=1")]
    public async Task Without_colours_there_are_none(string variable)
    {
        using var terminal = await new TmuxTerminal(80, 24, variable).ShowAsync(10, 1, 0);
        await terminal.DoAsync("fail 0 Pays", "wait 1");
        await terminal.ShowsAsync(screen => screen.Contains("1/10", StringComparison.Ordinal), "the failure and the block");

        terminal.ColouredScreen.ShouldBe(terminal.Screen);
    }

    [Theory]
    [InlineData("CI=true")]
    [InlineData("TERM=dumb")]
    public async Task A_log_gets_lines_and_no_block(string variable)
    {
        using var terminal = await new TmuxTerminal(80, 24, variable).ShowAsync(10, 1, 0);
        await terminal.DoAsync("fail 0 Pays", "wait 60");
        await terminal.ShowsAsync(screen => screen.Contains("Progress: 1/10", StringComparison.Ordinal), "a line of progress");

        terminal.ColouredScreen.ShouldBe(terminal.Screen);
        terminal.CursorIsVisible.ShouldBeTrue();
    }
}
