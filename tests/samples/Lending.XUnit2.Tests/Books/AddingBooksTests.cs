using System.Data.Common;

namespace Lending.XUnit2.Tests.Books;

public class AddingBooksTests : LibraryTest
{
    [Fact]
    public async Task A_number_is_given_once()
    {
        var isbn = Given.NewIsbn();
        var author = $"Author {Given.NewWord()}";
        await Library.Catalogue.AddBookAsync(isbn, "First", author, 2001);
        await Assert.ThrowsAnyAsync<DbException>(() => Library.Catalogue.AddBookAsync(isbn, "Second", author, 2001));
    }

    [Fact]
    public async Task What_was_refused_leaves_nothing_behind()
    {
        var isbn = Given.NewIsbn();
        var author = $"Author {Given.NewWord()}";
        await Library.Catalogue.AddBookAsync(isbn, "First", $"Author {Given.NewWord()}", 2001);
        await Assert.ThrowsAnyAsync<DbException>(() => Library.Catalogue.AddBookAsync(isbn, "Second", author, 2001));
        var before = await RowCounts.ReadAsync(Library.Database);
        await Given.BookAsync("Third", author);
        Assert.Equal(before["authors"] + 1, (await RowCounts.ReadAsync(Library.Database))["authors"]);
    }

    [Fact]
    public async Task An_unknown_number_finds_nothing() => Assert.Null(await Library.Catalogue.FindAsync(Given.NewIsbn()));

    // Rows that are objects: they cannot be carried from discovery to execution, so that all are one test case with four results.
    [Theory]
    [MemberData(nameof(Donations))]
    public async Task A_donation_is_added_book_by_book(Donation donation)
    {
        foreach (var title in donation.Titles())
            await Given.BookAsync(title, donation.Donor.Name);
        Assert.Equal(donation.Titles().Count(), (await Library.Catalogue.ByAuthorAsync(donation.Donor.Name)).Count);
        await Task.Delay(donation.Handling);
    }

    public static IEnumerable<object[]> Donations() =>
    [
        [new Donation(new Donor($"Donor {Given.NewWord()}"), () => ["One"], TimeSpan.FromMilliseconds(120))],
        [new Donation(new Donor($"Donor {Given.NewWord()}"), () => ["One", "Two"], TimeSpan.FromMilliseconds(240))],
        [new Donation(new Donor($"Donor {Given.NewWord()}"), () => Enumerable.Range(1, 9).Select(n => $"Volume {n}"), TimeSpan.FromMilliseconds(360))],
        [new Donation(new Donor($"Donor {Given.NewWord()}"), () => [], TimeSpan.Zero)],
    ];

    public sealed class Donor(string name)
    {
        public string Name { get; } = name;
    }

    public sealed class Donation(Donor donor, Func<IEnumerable<string>> titles, TimeSpan handling)
    {
        public Donor Donor { get; } = donor;

        public Func<IEnumerable<string>> Titles { get; } = titles;

        public TimeSpan Handling { get; } = handling;

        public override string ToString() => "a donation";
    }
}
