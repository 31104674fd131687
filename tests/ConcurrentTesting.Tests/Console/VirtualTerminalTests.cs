using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class VirtualTerminalTests
{
    [Fact]
    public void A_long_line_wraps_and_is_one_line_when_the_terminal_gets_wider()
    {
        var terminal = new VirtualTerminal(4, 3);
        terminal.Write("abcdefgh\nx");
        terminal.Screen.ShouldBe("abcdefgh\nx");
        terminal.UsedRows.ShouldBe(2);
        terminal.Resize(20, 3);
        terminal.Write("y");
        terminal.Text.ShouldBe("abcdefgh\nxy");
    }

    [Fact]
    public void Lines_that_scroll_out_stay_in_the_text()
    {
        var terminal = new VirtualTerminal(10, 2);
        terminal.Write("1\n2\n3");
        terminal.Text.ShouldBe("1\n2\n3");
        terminal.Screen.ShouldBe("2\n3");
    }

    [Fact]
    public void The_cursor_cannot_go_up_into_what_has_scrolled_out()
    {
        var terminal = new VirtualTerminal(10, 2);
        terminal.Write("1\n2\n3\e[9A\rX");
        terminal.Text.ShouldBe("1\nX\n3");
    }

    [Fact]
    public void Without_wrapping_the_last_column_is_overwritten()
    {
        var terminal = new VirtualTerminal(4, 2);
        terminal.Write("\e[?7labcdef\e[?7h");
        terminal.Text.ShouldBe("abcf");
    }

    [Fact]
    public void Wide_characters_take_two_columns()
    {
        var terminal = new VirtualTerminal(5, 2);
        terminal.Write("日本");
        terminal.UsedRows.ShouldBe(1);
        terminal.Write("語");
        terminal.Write("\e[1AX");
        terminal.Text.ShouldBe("日X\n語".Replace("\n", "", StringComparison.Ordinal));
    }

    [Fact]
    public void An_unknown_sequence_is_an_error() =>
        Should.Throw<InvalidOperationException>(() => new VirtualTerminal(4, 2).Write("\e[2J"));
}
