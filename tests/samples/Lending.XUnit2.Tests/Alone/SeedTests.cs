namespace Lending.XUnit2.Tests.Alone;

public class SeedTests : LibraryTest
{
    [Fact]
    public async Task The_seed_is_there()
    {
        var rows = await RowCounts.ReadAsync(Library.Database);
        Assert.Equal(3, rows["branches"]);
        Assert.Equal(4, rows["tiers"]);
        Assert.InRange(rows["books"], 22, long.MaxValue);
    }

    [Theory]
    [InlineData("Jane Austen", 3)]
    [InlineData("Ursula K. Le Guin", 3)]
    [InlineData("Flann O'Brien", 2)]
    [InlineData("村上 春樹", 1)]
    public async Task Authors_have_their_books(string author, int books) =>
        Assert.Equal(books, (await Library.Catalogue.ByAuthorAsync(author)).Count(book => book.Isbn.StartsWith("978", StringComparison.Ordinal)));

    [Fact]
    public void Every_engine_has_the_same_seed()
    {
        var seeds = Enum.GetValues<DatabaseKind>()
            .Select(kind => File.ReadAllText(LendingDatabase.SchemaFiles(kind)[^1]).Replace("DATE '", "'", StringComparison.Ordinal))
            .Distinct();
        Assert.Single(seeds);
    }

    [Theory]
    [InlineData("Data Source=/tmp/x.db", DatabaseKind.Sqlite)]
    [InlineData("datasource=x;Pooling=False", null)]
    [InlineData("Filename=x.db", DatabaseKind.Sqlite)]
    [InlineData("Host=/run/postgresql;Username=u;Database=d", DatabaseKind.PostgreSql)]
    [InlineData("Server=127.0.0.1;User ID=u;Password='a;b'", DatabaseKind.MySql)]
    [InlineData("", null)]
    public void An_engine_is_known_by_its_keywords(string connectionString, DatabaseKind? kind)
    {
        if (kind is null)
            Assert.Throws<ArgumentException>(() => LendingDatabase.Recognise(connectionString));
        else
            Assert.Equal(kind, LendingDatabase.Recognise(connectionString));
    }
}
