namespace Lending.XUnit2.Tests.Titles;

public class TitleTests
{
    [Theory]
    [InlineData("  The Trial ", "The Trial")]
    [InlineData("\tThe\tTrial\r\n", "The\tTrial")]
    [InlineData(" Cafe\u0301", "Cafe\u0301")]
    [InlineData("\u00a0Nada\u2003", "Nada")]
    public void Blanks_around_it_go_and_all_else_stays(string given, string title) =>
        Assert.Equal(title, Title.Normalise(given));

    [Theory]
    [InlineData("{0}", '\ud83d')]
    [InlineData("broken {0} end", '\ud83d')]
    [InlineData("{0} first", '\udc1b')]
    [InlineData("{0}\ud83d\udc1b before a pair", '\udc1b')]
    public void Half_a_surrogate_pair_is_refused(string text, char half) =>
        Assert.Throws<ArgumentException>(() => Title.Normalise(string.Format(null, text, half)));

    [Theory]
    [InlineData("\0")]
    [InlineData("before\0after")]
    [InlineData("")]
    [InlineData("   ")]
    public void Nothing_and_NUL_are_refused(string text) =>
        Assert.Throws<ArgumentException>(() => Title.Normalise(text));

    // xunit shortens both to the same display name.
    [Theory]
    [MemberData(nameof(LongTitles))]
    public void Three_hundred_characters_are_a_title_and_one_more_is_not(string text, bool fits) =>
        Assert.Equal(fits, Record.Exception(() => Title.Normalise(text)) is null);

    public static TheoryData<string, bool> LongTitles() => new()
    {
        { new string('ä', 300), true },
        { new string('ä', 299) + "b", true },
        { new string('ä', 301), false },
        { new string('ä', 20_000), false },
    };
}
