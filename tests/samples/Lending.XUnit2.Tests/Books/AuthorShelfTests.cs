namespace Lending.XUnit2.Tests.Books;

/// <summary>An author with five books, put on the shelf once for all tests of the class.</summary>
public sealed class AuthorShelf : IAsyncLifetime
{
    private readonly Library _library = new(LendingDatabase.FromEnvironment(), TimeProvider.System, $"{nameof(AuthorShelf)} {Guid.NewGuid():N}");

    public string Author { get; } = $"Prolific {Given.NewWord()}";

    public int TimesFilled { get; private set; }

    public async Task InitializeAsync()
    {
        TimesFilled++;
        var given = new Given(_library);
        foreach (var year in (int[])[1999, 1987, 2010, 2003, 1995])
            await given.BookAsync($"Volume of {year}", Author, year);
        await Task.Delay(300);
    }

    public Task DisposeAsync() => _library.Journal.UndoInsertsAsync(_library.Actor);
}

public class AuthorShelfTests(AuthorShelf shelf) : LibraryTest, IClassFixture<AuthorShelf>
{
    [Fact]
    public async Task Books_of_an_author_stand_by_year() => Assert.Equal(
        [1987, 1995, 1999, 2003, 2010], (await Library.Catalogue.ByAuthorAsync(shelf.Author)).Select(book => book.Published));

    [Fact]
    public async Task An_author_is_found_by_name() => Assert.Equal(5, (await Library.Catalogue.SearchAsync(shelf.Author)).Count);

    [Fact]
    public async Task Another_book_by_the_same_name_has_the_same_author()
    {
        var before = await RowCounts.ReadAsync(Library.Database);
        await Given.BookAsync("One more", shelf.Author);
        var after = await RowCounts.ReadAsync(Library.Database);
        Assert.Equal(before["authors"], after["authors"]);
        Assert.Equal(before["books"] + 1, after["books"]);
    }

    [Theory]
    [InlineData(1987)]
    [InlineData(1999)]
    [InlineData(2010)]
    public async Task Each_volume_has_its_title(int year) =>
        Assert.Contains(await Library.Catalogue.ByAuthorAsync(shelf.Author), book => book.Title == $"Volume of {year}");

    [Fact]
    public void The_shelf_was_filled_once() => Assert.Equal(1, shelf.TimesFilled);
}
