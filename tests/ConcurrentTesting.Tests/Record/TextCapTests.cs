using System.Text;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class TextCapTests
{
    [Theory]
    [InlineData("a", 32_768)]
    [InlineData("é", 16_384)]
    [InlineData("😀", 8_192)]
    public void Text_of_exactly_the_limit_stays(string unit, int count)
    {
        var text = Repeat(unit, count);
        TextCap.Apply(text, TextCap.Stream).ShouldBeSameAs(text);
    }

    [Theory]
    [InlineData("a", 32_769)]
    [InlineData("é", 16_385)]
    [InlineData("😀", 8_193)]
    [InlineData("x😀é", 1_000_000)]
    public void Longer_text_keeps_its_ends_within_the_limit_and_says_so(string unit, int count)
    {
        var text = $"beginning {Repeat(unit, count)} end";

        var capped = TextCap.Apply(text, TextCap.Stream);

        Encoding.UTF8.GetByteCount(capped).ShouldBeInRange(TextCap.Stream - 100, TextCap.Stream);
        capped.ShouldStartWith("beginning ");
        capped.ShouldEndWith(" end");
        capped.ShouldContain($"of {Encoding.UTF8.GetByteCount(text)} bytes left out here");
    }

    [Fact]
    public void A_surrogate_pair_is_never_cut()
    {
        for (var offset = 0; offset < 4; offset++)
        {
            var capped = TextCap.Apply(Repeat("x", offset) + Repeat("😀", 20_000), TextCap.Message);
            LegalXml.Clean(capped).ShouldBe(capped);
        }
    }

    [Fact]
    public void What_was_left_out_adds_up()
    {
        var capped = TextCap.Apply(new string('x', 100_000), TextCap.Message);

        capped.ShouldContain($"[… {100_000 - capped.Count(character => character == 'x')} of 100000 bytes left out here …]");
    }

    private static string Repeat(string unit, int count) => new StringBuilder().Insert(0, unit, count).ToString();
}
