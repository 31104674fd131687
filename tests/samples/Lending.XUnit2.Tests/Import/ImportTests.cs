using System.Diagnostics;

namespace Lending.XUnit2.Tests.Import;

public class ImportTests : LibraryTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(80)]
    [InlineData(150)]
    [InlineData(300)]
    [InlineData(600)]
    [InlineData(900)]
    [InlineData(1200)]
    public async Task A_book_that_others_know_is_added_once_they_have_answered(int milliseconds)
    {
        var isbn = Given.NewIsbn();
        var waiting = Stopwatch.StartNew();
        var book = await Library.Catalogue.ImportAsync(Union(milliseconds, isbn), isbn);
        Assert.InRange(waiting.ElapsedMilliseconds, milliseconds - 20, long.MaxValue);
        Assert.Equal(book, await Library.Catalogue.FindAsync(isbn));
    }

    [Fact]
    public async Task A_book_that_nobody_knows_is_not_added()
    {
        var isbn = Given.NewIsbn();
        Assert.Null(await Library.Catalogue.ImportAsync(Union(400), isbn));
        Assert.Null(await Library.Catalogue.FindAsync(isbn));
    }

    [Fact]
    public async Task Nobody_is_asked_for_a_book_that_is_here()
    {
        var book = await Given.BookAsync();
        var union = Union(5000);
        Assert.Equal(book, await Library.Catalogue.ImportAsync(union, Isbn.Parse(book.Isbn)));
        Assert.Equal(0, union.Requests);
    }

    [Fact]
    public async Task Who_does_not_want_to_wait_gets_nothing()
    {
        var isbn = Given.NewIsbn();
        using var impatience = new CancellationTokenSource(TimeSpan.FromMilliseconds(250));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Library.Catalogue.ImportAsync(Union(60_000, isbn), isbn, impatience.Token));
        Assert.Null(await Library.Catalogue.FindAsync(isbn));
    }

    internal static UnionCatalogue Union(int milliseconds, params Isbn[] known) => new(
        TimeSpan.FromMilliseconds(milliseconds),
        known.ToDictionary(isbn => isbn.Digits, isbn => new CatalogueRecord($"Number {isbn}", AuthorOf(isbn), 1990)));

    internal static string AuthorOf(Isbn isbn) => $"Author of {isbn}";
}

public class BulkImportTests : LibraryTest
{
    [Theory]
    [InlineData(1, 250)]
    [InlineData(3, 200)]
    [InlineData(4, 250)]
    [InlineData(8, 150)]
    [InlineData(10, 200)]
    public async Task Books_are_imported_one_after_the_other(int books, int milliseconds)
    {
        var numbers = Enumerable.Range(0, books).Select(_ => Given.NewIsbn()).ToArray();
        var union = ImportTests.Union(milliseconds, numbers);
        foreach (var isbn in numbers)
            await Library.Catalogue.ImportAsync(union, isbn);
        Assert.Equal((books, 1), (union.Requests, union.MostAtOnce));
        foreach (var isbn in numbers)
            Assert.Equal(ImportTests.AuthorOf(isbn), (await Library.Catalogue.FindAsync(isbn))?.Author);
    }

    [Fact]
    public async Task Answers_are_waited_for_together_and_entered_one_by_one()
    {
        var numbers = Enumerable.Range(0, 6).Select(_ => Given.NewIsbn()).ToArray();
        var union = ImportTests.Union(800, numbers);
        var records = await Task.WhenAll(numbers.Select(isbn => union.LookUpAsync(isbn)));
        Assert.Equal(6, union.MostAtOnce);
        for (var index = 0; index < numbers.Length; index++)
            await Library.Catalogue.AddBookAsync(numbers[index], records[index]!.Title, records[index]!.Author, records[index]!.Published);
        foreach (var isbn in numbers)
            Assert.NotNull(await Library.Catalogue.FindAsync(isbn));
    }
}
