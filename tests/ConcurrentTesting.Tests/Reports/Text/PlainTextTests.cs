using ConcurrentTesting.Reports.Text;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Text;

public class PlainTextTests
{
    [Fact]
    public void No_control_character_but_tab_is_left()
    {
        var all = string.Join('.', Enumerable.Range(0, char.MaxValue + 1).Select(code => (char)code));
        PlainText.OneLine(all).ShouldNotContain(c => char.IsControl(c) || char.IsSurrogate(c));
        PlainText.Escape(all).Where(char.IsControl).Distinct().Order().ShouldBe(['\t', '\n']);
    }

    [Fact]
    public void No_text_runs_backwards_or_breaks_lines_unseen() =>
        PlainText.OneLine("\u2028\u2029\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069")
            .ShouldBe(@"\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069");

    [Theory]
    [InlineData("::error file=a.cs::pwned", ": :error file=a.cs::pwned")]
    [InlineData("  ::set-output name=x::y", "  : :set-output name=x::y")]
    [InlineData("##vso[task.setvariable]x", "# #vso[task.setvariable]x")]
    [InlineData("a ##teamcity[testFailed]", "a # #teamcity[testFailed]")]
    [InlineData("##[error]x", "# #[error]x")]
    [InlineData("std::vector and ## heading", "std::vector and ## heading")]
    public void Orders_to_CI_servers_are_shown_and_not_obeyed(string text, string expected)
    {
        PlainText.OneLine(text).ShouldBe(expected);
        PlainText.Escape($"first\n{text}\nlast").ShouldBe($"first\n{expected}\nlast");
    }

    [Fact]
    public void Harmless_text_is_the_very_same() =>
        ReferenceEquals(PlainText.Escape(Harmless), Harmless).ShouldBeTrue();

    [Theory]
    [InlineData(0.0002, "<1ms")]
    [InlineData(0.045, "45ms")]
    [InlineData(0.0999, "0.10s")]
    [InlineData(1.234, "1.23s")]
    [InlineData(9.999, "10.0s")]
    [InlineData(59.94, "59.9s")]
    [InlineData(59.99, "59s")]
    [InlineData(125, "2m 05s")]
    [InlineData(3725, "1h 02m")]
    public void Durations_have_the_precision_that_is_read(double seconds, string expected) =>
        DurationText.Measured(TimeSpan.FromSeconds(seconds)).ShouldBe(expected);

    private const string Harmless = "Ordinary text: größer, 日本.";
}
