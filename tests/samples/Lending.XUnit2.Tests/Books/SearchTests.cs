namespace Lending.XUnit2.Tests.Books;

public class SearchTests : LibraryTest
{
    [Theory]
    [InlineData("{0}", true)]
    [InlineData("  {0}  ", true)]
    [InlineData("100% {0}", true)]
    [InlineData("100_ {0}", false)]
    [InlineData("% {0}", true)]
    [InlineData("_ {0}", false)]
    [InlineData("! {0}", false)]
    [InlineData("0%_", false)]
    public async Task Percent_and_underscore_mean_themselves(string pattern, bool found)
    {
        var word = Given.NewWord();
        var book = await Given.BookAsync($"Sales grew 100% {word}");
        var hits = await Library.Catalogue.SearchAsync(string.Format(null, pattern, word));
        Assert.Equal(found, hits.Any(hit => hit.Id == book.Id));
    }

    [Theory]
    [InlineData("pride AND prejudice", "Pride and Prejudice")]
    [InlineData("lem", "Solaris")]
    [InlineData("村上", "ノルウェイの森")]
    [InlineData("森", "ノルウェイの森")]
    [InlineData("o'brien", "The Third Policeman")]
    public async Task Title_and_author_are_searched_without_regard_to_case(string text, string title) =>
        Assert.Contains(await Library.Catalogue.SearchAsync(text), book => book.Title == title);

    [Fact]
    public async Task Hits_are_sorted_as_on_the_shelf()
    {
        var word = Given.NewWord();
        foreach (var title in (string[])[$"The Cellar {word}", $"An Attic {word}", $"Balcony {word}", $"a Door {word}"])
            await Given.BookAsync(title);
        var hits = await Library.Catalogue.SearchAsync(word);
        Assert.Equal([$"An Attic {word}", $"Balcony {word}", $"The Cellar {word}", $"a Door {word}"], hits.Select(hit => hit.Title));
    }

    [Fact]
    public async Task A_renamed_book_is_found_by_its_new_title_only()
    {
        var (before, after) = (Given.NewWord(), Given.NewWord());
        var book = await Given.BookAsync(before);
        await Library.Catalogue.RenameAsync(book.Id, after);
        Assert.Empty(await Library.Catalogue.SearchAsync(before));
        Assert.Single(await Library.Catalogue.SearchAsync(after));
    }
}
