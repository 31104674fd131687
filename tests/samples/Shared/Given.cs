namespace Lending.Tests;

/// <summary>What a test starts from: members, books and copies of its own, which nobody else knows.</summary>
public sealed class Given(Library library)
{
    // An author of its own: one who is shared could not be taken away while another test still has books of theirs.
    private readonly string _author = $"Author {NewWord()}";

    public Task<Member> MemberAsync(string tier = "adult", string name = "Mira Member") =>
        library.Members.JoinAsync(name, "mira@example.org", tier);

    public Task<Book> BookAsync(string title = "A Book of One's Own", string? author = null, int published = 2001) =>
        library.Catalogue.AddBookAsync(NewIsbn(), title, author ?? _author, published);

    public async Task<Copy> CopyAsync(string branch = "MAIN") => await CopyAsync(await BookAsync(), branch);

    public Task<Copy> CopyAsync(Book book, string branch = "MAIN") => library.Catalogue.AddCopyAsync(book.Id, branch, NewBarcode());

    public async Task<Copy[]> CopiesAsync(Book book, int count, string branch = "MAIN")
    {
        var copies = new Copy[count];
        for (var index = 0; index < count; index++)
            copies[index] = await CopyAsync(book, branch);
        return copies;
    }

    /// <summary>A copy that a member has on loan since today.</summary>
    public async Task<Copy> LentCopyAsync(Member member)
    {
        var copy = await CopyAsync();
        await library.Loans.LendAsync(member.Card, copy.Barcode);
        return copy;
    }

    public static string NewBarcode() => $"T{Guid.NewGuid():N}";

    /// <summary>A number of the 979 prefix, which the seed does not use.</summary>
    public static Isbn NewIsbn() =>
        Isbn.FromTwelve("979" + Random.Shared.NextInt64(1_000_000_000).ToString("D9", System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>A word that no other test's rows hold.</summary>
    public static string NewWord() => $"w{Guid.NewGuid():N}"[..14];
}
