namespace Lending.XUnit2.Tests.Copies;

/// <summary>A book with copies in all branches. Counting them takes a while, so that three classes share it.</summary>
public sealed class Stock : IAsyncLifetime
{
    private readonly Library _library = new(LendingDatabase.FromEnvironment(), TimeProvider.System, $"{nameof(Stock)} {Guid.NewGuid():N}");
    private int _visitors;

    public Book Book { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        if (Trouble.WideFixture("xunit2"))
            throw new InvalidOperationException("The stock cannot be counted: SAMPLE_WIDE_FIXTURE asks for it.");
        var given = new Given(_library);
        Book = await given.BookAsync("Counted");
        await given.CopiesAsync(Book, 2, "MAIN");
        await given.CopiesAsync(Book, 3, "EAST");
        await given.CopiesAsync(Book, 1, "BUS");
        await Task.Delay(500);
    }

    public Task DisposeAsync() => _library.Journal.UndoInsertsAsync(_library.Actor);

    /// <summary>Two who count at the same time count wrong.</summary>
    public async Task<int> CountAsync(Library library, string branch, int milliseconds)
    {
        Assert.Equal(1, Interlocked.Increment(ref _visitors));
        await Task.Delay(milliseconds);
        var copies = await library.Catalogue.CopiesAsync(Book.Id);
        Interlocked.Decrement(ref _visitors);
        return copies.Count(copy => copy.Branch == branch);
    }
}

[CollectionDefinition("Stocktake")]
public class StocktakeCollection : ICollectionFixture<Stock>;

[Collection("Stocktake")]
public class MainStocktakeTests(Stock stock) : LibraryTest
{
    [Theory]
    [InlineData(150)]
    [InlineData(300)]
    public async Task The_main_library_has_two(int milliseconds) => Assert.Equal(2, await stock.CountAsync(Library, "MAIN", milliseconds));
}

[Collection("Stocktake")]
public class EastStocktakeTests(Stock stock) : LibraryTest
{
    [Theory]
    [InlineData(200)]
    [InlineData(350)]
    [InlineData(700)]
    public async Task The_east_side_has_three(int milliseconds) => Assert.Equal(3, await stock.CountAsync(Library, "EAST", milliseconds));
}

[Collection("Stocktake")]
public class BusStocktakeTests(Stock stock) : LibraryTest
{
    [Fact]
    public async Task The_bus_has_one() => Assert.Equal(1, await stock.CountAsync(Library, "BUS", 400));

    [Fact]
    public async Task A_copy_that_comes_meanwhile_is_counted()
    {
        var extra = await Given.CopyAsync(stock.Book, "BUS");
        Assert.Equal(2, await stock.CountAsync(Library, "BUS", 250));
        Assert.Contains(await Library.Catalogue.CopiesAsync(stock.Book.Id), copy => copy.Barcode == extra.Barcode);
    }
}
