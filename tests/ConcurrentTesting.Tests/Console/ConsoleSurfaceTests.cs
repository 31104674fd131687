using ConcurrentTesting.Console.Terminal;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class ConsoleSurfaceTests
{
    [Theory]
    [InlineData("TERM=xterm-256color", true, true)]
    [InlineData("TERM=xterm NO_COLOR=1", true, false)]
    [InlineData("TERM=xterm NO_COLOR=", true, true)]
    [InlineData("TERM=dumb", false, false)]
    [InlineData("", false, false)]
    [InlineData("TERM=xterm CI=true", false, false)]
    [InlineData("TERM=xterm CI=1", false, false)]
    [InlineData("TERM=xterm CI=false", true, true)]
    [InlineData("TERM=xterm TF_BUILD=True", false, false)]
    [InlineData("TERM=xterm TEAMCITY_VERSION=2025", false, false)]
    public void What_a_terminal_is_good_for_depends_on_its_environment(string environment, bool isLive, bool hasColours)
    {
        var variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        ConsoleSurface.Capabilities(isTerminal: true, isWindows: false, variables.GetValueOrDefault).ShouldBe((isLive, hasColours));
        ConsoleSurface.Capabilities(isTerminal: false, isWindows: false, variables.GetValueOrDefault).ShouldBe((false, false));
    }

    [Fact]
    public void Windows_has_no_TERM() =>
        ConsoleSurface.Capabilities(isTerminal: true, isWindows: true, _ => null).ShouldBe((true, true));
}
