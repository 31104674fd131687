using ConcurrentTesting.Console.Terminal;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Console;

public class TerminalTextTests
{
    private const string Green = "\e[32m";
    private const string Red = "\e[31m";
    private const string End = "\e[22;27;39m";

    [Theory]
    [InlineData("Expected: 42", "Actual:   52", $"Expected: {Green}\e[7m4\e[27m2{End}", $"Actual:   {Red}\e[7m5\e[27m2{End}")]
    [InlineData("  Expected: \"abd\"", "  But was:  \"abcx\"", $"  Expected: {Green}\"ab\e[7md\e[27m\"{End}", $"  But was:  {Red}\"ab\e[7mcx\e[27m\"{End}")]
    [InlineData("Expected: a👍", "Actual:   a👎", $"Expected: {Green}a\e[7m👍\e[27m{End}", $"Actual:   {Red}a\e[7m👎\e[27m{End}")]
    [InlineData("    Expected: False", "    But was:  True", $"    Expected: {Green}\e[7mFalse\e[27m{End}", $"    But was:  {Red}\e[7mTrue\e[27m{End}")]
    [InlineData("Expected: 5", "Actual:   5", $"Expected: {Green}5{End}", $"Actual:   {Red}5{End}")]
    [InlineData("Expected: aa", "Actual:   aaa", $"Expected: {Green}aa{End}", $"Actual:   {Red}aa\e[7ma\e[27m{End}")]
    public void Values_that_were_compared_are_coloured_and_what_differs_is_marked(string expected, string actual, string shownExpected, string shownActual)
    {
        var lines = On(new Surface(), $"FAIL  Shop.Pays\n  Assert.Equal() Failure\n{expected}\n{actual}").Split('\n');

        lines[0].ShouldBe($"\e[1m{Red}FAIL{End}  Shop.Pays");
        lines[2..].ShouldBe([shownExpected, shownActual]);
    }

    [Fact]
    public void An_arrow_of_xunit_may_stand_between_them() =>
        On(new Surface(), "FAIL  A\nExpected: 1\n          ↑ (pos 0)\nActual:   2").Split('\n')[3].ShouldBe($"Actual:   {Red}\e[7m2\e[27m{End}");

    [Fact]
    public void Shouldly_puts_the_values_on_lines_of_their_own() =>
        On(new Surface(), "FAIL  A\n  total\n      should be\n  15\n      but was\n  16").Split('\n')[3..]
            .ShouldBe([$"  {Green}1\e[7m5\e[27m{End}", "      but was", $"  {Red}1\e[7m6\e[27m{End}"]);

    [Fact]
    public void MSTest_has_both_on_one_line() =>
        On(new Surface(), "FAIL  A\n  Assert.AreEqual failed. Expected:<14>. Actual:<15>. sums").Split('\n')[1]
            .ShouldBe($"  Assert.AreEqual failed. Expected:<{Green}1\e[7m4\e[27m{End}>. Actual:<{Red}1\e[7m5\e[27m{End}>. sums");

    [Theory]
    [InlineData("FAIL  A\n  Expected: 1")]
    [InlineData("FAIL  A\n  Expected:\n  Actual:")]
    [InlineData("FAIL  A\n  should be")]
    [InlineData("FAIL  A\n  should be\n  1\n  but was")]
    [InlineData("FAIL  A\n  expected the sum: 1\n  actual: 3")]
    public void What_is_no_pair_stays_as_it_is(string text) =>
        On(new Surface(), text).ShouldBe(text.Replace("FAIL", $"\e[1m{Red}FAIL{End}", StringComparison.Ordinal));

    [Theory]
    [InlineData("FAIL  A\nExpected: a\nExpected: b\nActual: c")]
    [InlineData("FAIL  A\nExpected: a\nActual: Expected:<1>. Actual:<2>.")]
    [InlineData("FAIL  A\nExpected: a\nActual: Expected:<1>. Actual:<2>.\n  should be\n1\nbut was\n2")]
    [InlineData("FAIL  A\nshould be\nExpected: 1\nbut was\nActual: 2")]
    public void Whatever_a_message_says_it_is_printed_whole(string text) =>
        System.Text.RegularExpressions.Regex.Replace(On(new Surface(), text), "\e\\[[0-9;]*m", "").ShouldBe(text);

    [Fact]
    public void A_file_of_its_own_is_a_link_that_reads_as_its_address() =>
        TerminalLinks.To("/repo/a b/report.html").ShouldBe("\e]8;;file:///repo/a%20b/report.html\e\\file:///repo/a%20b/report.html\e]8;;\e\\");

    [Fact]
    public void Other_lines_of_the_run_are_not_read_for_values() =>
        On(new Surface(), "worker 1\nExpected: 1\nActual: 2").ShouldBe("worker 1\nExpected: 1\nActual: 2");

    [Fact]
    public void The_verdict_is_green_or_red() =>
        On(new Surface(), "  Tests  3\nPASSED  All tests passed.\nFAILED  1 test failed.")
            .ShouldBe($"  Tests  3\n\e[1m{Green}PASSED{End}  All tests passed.\n\e[1m{Red}FAILED{End}  1 test failed.");

    [Fact]
    public void A_place_in_the_repository_opens_its_line()
    {
        var root = Directory.CreateTempSubdirectory("terminal text-");
        try
        {
            File.WriteAllText(Path.Combine(root.FullName, "A b.cs"), "");
            var text = "FAIL  A\n    at Shop.A() in A b.cs:42\n    at Shop.B() in Missing.cs:7\n    in A b.cs:3";

            var lines = TerminalText.On(new Surface(hasColours: false, hasLinks: true), text, root.FullName).Split('\n');

            var url = new Uri(Path.Combine(root.FullName, "A b.cs")).AbsoluteUri;
            url.ShouldContain("A%20b.cs");
            lines.ShouldBe(
            [
                "FAIL  A", $"    at Shop.A() in \e]8;;{url}#L42\e\\A b.cs:42\e]8;;\e\\", "    at Shop.B() in Missing.cs:7",
                $"    in \e]8;;{url}#L3\e\\A b.cs:3\e]8;;\e\\",
            ]);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("WT_SESSION=1", true)]
    [InlineData("TERM_PROGRAM=vscode", true)]
    [InlineData("TERM_PROGRAM=Apple_Terminal", false)]
    [InlineData("VTE_VERSION=7600", true)]
    [InlineData("VTE_VERSION=5000", false)]
    [InlineData("TERM=xterm-kitty", true)]
    [InlineData("TERM=xterm-256color", false)]
    [InlineData("WT_SESSION=1 TMUX=/tmp/tmux", false)]
    [InlineData("VTE_VERSION=7600 TERM=screen-256color", false)]
    [InlineData("TERM=tmux-256color FORCE_HYPERLINK=1", true)]
    [InlineData("WT_SESSION=1 FORCE_HYPERLINK=0", false)]
    public void Links_are_for_terminals_that_say_so(string environment, bool known)
    {
        var variables = environment.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => pair[1]);
        KnownTerminals.HasLinks(variables.GetValueOrDefault).ShouldBe(known);
    }

    private static string On(Surface surface, string text) => TerminalText.On(surface, text, "/");

    private sealed class Surface(bool hasColours = true, bool hasLinks = false) : ConsoleSurface
    {
        public override bool IsLive => true;
        public override bool HasColours => hasColours;
        public override bool HasLinks => hasLinks;
        public override (int Columns, int Rows) Size => (80, 24);

        public override void Write(ReadOnlySpan<char> text) => throw new NotSupportedException();
    }
}
