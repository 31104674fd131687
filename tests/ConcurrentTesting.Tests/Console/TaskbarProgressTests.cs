using ConcurrentTesting.Console.Terminal;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class TaskbarProgressTests
{
    [Fact]
    public void Progress_is_told_once_each_time_that_it_changes_and_taken_away_at_the_end()
    {
        var surface = new Surface(hasTaskbar: true);
        var taskbar = new TaskbarProgress(surface);

        taskbar.Show(0, false);
        taskbar.Show(40, false);
        taskbar.Show(40, false);
        taskbar.Show(40, true);
        taskbar.Clear();
        taskbar.Clear();

        surface.Written.ShouldBe(["\e]9;4;1;0\a", "\e]9;4;1;40\a", "\e]9;4;2;40\a", "\e]9;4;0;0\a"]);
    }

    [Fact]
    public void Other_terminals_are_told_nothing()
    {
        var surface = new Surface(hasTaskbar: false);
        var taskbar = new TaskbarProgress(surface);

        taskbar.Show(40, true);
        taskbar.Clear();

        surface.Written.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("WT_SESSION", "4e1f", true)]
    [InlineData("ConEmuANSI", "ON", true)]
    [InlineData("ConEmuANSI", "OFF", false)]
    [InlineData("TERM_PROGRAM", "WezTerm", true)]
    [InlineData("TERM_PROGRAM", "Apple_Terminal", false)]
    [InlineData("TERM", "xterm-256color", false)]
    public void Terminals_are_known_by_what_they_say_of_themselves(string variable, string value, bool isKnown) =>
        KnownTerminals.HasTaskbar(name => name == variable ? value : null).ShouldBe(isKnown);

    private sealed class Surface(bool hasTaskbar) : ConsoleSurface
    {
        public List<string> Written { get; } = [];

        public override bool IsLive => true;
        public override bool HasColours => false;
        public override bool HasTaskbar => hasTaskbar;
        public override (int Columns, int Rows) Size => (80, 24);

        public override void Write(ReadOnlySpan<char> text) => Written.Add(text.ToString());
    }
}
