namespace Lending.XUnit2.Tests.Titles;

public class SortKeyTests
{
    [Theory]
    [InlineData("The Trial", "Trial")]
    [InlineData("A Room of One's Own", "Room of One's Own")]
    [InlineData("An Artist of the Floating World", "Artist of the Floating World")]
    [InlineData("the castle", "castle")]
    [InlineData("Theory of Colours", "Theory of Colours")]
    [InlineData("The ", "The ")]
    [InlineData("A", "A")]
    public void A_leading_article_does_not_count(string title, string key) =>
        Assert.Equal(key, Title.SortKey(title));

    // A row written twice: xunit runs it once.
#pragma warning disable xUnit1025
    [Theory]
    [InlineData("Emma")]
    [InlineData("Emma")]
    [InlineData("Villette")]
#pragma warning restore xUnit1025
    public void A_title_without_an_article_is_its_own_key(string title) =>
        Assert.Equal(title, Title.SortKey(title));
}
