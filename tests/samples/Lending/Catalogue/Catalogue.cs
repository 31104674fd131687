using System.Data.Common;

namespace Lending;

public sealed record Book(long Id, string Isbn, string Title, string Author, int Published);

public sealed record Copy(long Id, long BookId, string Branch, string Barcode, bool Withdrawn, bool OnLoan);

/// <summary>What the library owns.</summary>
public sealed class Catalogue
{
    private const string Books = "SELECT b.id, b.isbn, b.title, a.name, b.published FROM books b JOIN authors a ON a.id = b.author_id";

    private readonly Library _library;

    internal Catalogue(Library library) => _library = library;

    /// <summary>Adds a book and, where it is the author's first, the author.</summary>
    public async Task<Book> AddBookAsync(Isbn isbn, string title, string author, int published)
    {
        title = Title.Normalise(title);
        author = Title.Normalise(author);
        await using var session = await _library.BeginAsync();
        var authorId = await session.NumberAsync("SELECT MIN(id) FROM authors WHERE name = @name", ("name", author));
        if (authorId == 0)
            authorId = await session.InsertAsync("authors", ("name", author));
        var id = await session.InsertAsync(
            "books", ("isbn", isbn.Digits), ("title", title), ("author_id", authorId), ("published", published));
        await session.CommitAsync();
        return new Book(id, isbn.Digits, title, author, published);
    }

    public async Task<Copy> AddCopyAsync(long bookId, string branch, string barcode)
    {
        await using var session = await _library.BeginAsync();
        var branchId = await session.NumberAsync("SELECT id FROM branches WHERE code = @branch", ("branch", branch));
        if (branchId == 0)
            throw new LendingRefusedException(Refusal.UnknownBranch, $"There is no branch '{branch}'.");
        var id = await session.InsertAsync("copies", ("book_id", bookId), ("branch_id", branchId), ("barcode", barcode));
        await session.CommitAsync();
        return new Copy(id, bookId, branch, barcode, Withdrawn: false, OnLoan: false);
    }

    /// <summary>Takes a copy out of circulation.</summary>
    public async Task WithdrawAsync(string barcode)
    {
        await using var session = await _library.BeginAsync();
        var copy = await CopyAsync(session, barcode);
        if (copy.OnLoan)
            throw new LendingRefusedException(Refusal.StillLent, $"Copy {barcode} is still lent.");
        await session.UpdateAsync("copies", copy.Id, ("withdrawn", true));
        await session.CommitAsync();
    }

    public async Task RenameAsync(long bookId, string title)
    {
        title = Title.Normalise(title);
        await using var session = await _library.BeginAsync();
        await session.UpdateAsync("books", bookId, ("title", title));
        await session.CommitAsync();
    }

    public async Task<Book?> FindAsync(Isbn isbn)
    {
        await using var session = await _library.BeginAsync();
        return await session.FirstAsync($"{Books} WHERE b.isbn = @isbn", ReadBook, ("isbn", isbn.Digits));
    }

    /// <summary>Books whose title or author contains the text, whatever its case (ASCII), sorted as on the shelf.</summary>
    public async Task<IReadOnlyList<Book>> SearchAsync(string text)
    {
        var pattern = $"%{EscapeLike(text.Trim())}%";
        await using var session = await _library.BeginAsync();
        var found = await session.QueryAsync(
            $"{Books} WHERE LOWER(b.title) LIKE LOWER(@pattern) ESCAPE '!' OR LOWER(a.name) LIKE LOWER(@pattern) ESCAPE '!'",
            ReadBook,
            ("pattern", pattern));
        return [.. found.OrderBy(book => Title.SortKey(book.Title), StringComparer.OrdinalIgnoreCase).ThenBy(book => book.Id)];
    }

    public async Task<IReadOnlyList<Book>> ByAuthorAsync(string author)
    {
        await using var session = await _library.BeginAsync();
        return await session.QueryAsync($"{Books} WHERE a.name = @author ORDER BY b.published, b.id", ReadBook, ("author", author));
    }

    public async Task<IReadOnlyList<Copy>> CopiesAsync(long bookId)
    {
        await using var session = await _library.BeginAsync();
        return await session.QueryAsync($"{Copies} WHERE c.book_id = @book ORDER BY c.barcode", ReadCopy, ("book", bookId));
    }

    public async Task<IReadOnlyDictionary<string, int>> AvailableByBranchAsync(long bookId) =>
        (await CopiesAsync(bookId))
        .Where(copy => copy is { Withdrawn: false, OnLoan: false })
        .GroupBy(copy => copy.Branch)
        .ToDictionary(group => group.Key, group => group.Count());

    /// <summary>Adds the book that a union catalogue knows by this number, unless it is here already.</summary>
    public async Task<Book?> ImportAsync(UnionCatalogue source, Isbn isbn, CancellationToken cancellation = default)
    {
        if (await FindAsync(isbn) is { } known)
            return known;
        var record = await source.LookUpAsync(isbn, cancellation);
        return record is null ? null : await AddBookAsync(isbn, record.Title, record.Author, record.Published);
    }

    internal static async Task<Copy> CopyAsync(Session session, string barcode)
    {
        await session.LockAsync("copies", "barcode", barcode);
        return await session.FirstAsync($"{Copies} WHERE c.barcode = @barcode", ReadCopy, ("barcode", barcode))
            ?? throw new LendingRefusedException(Refusal.UnknownCopy, $"There is no copy '{barcode}'.");
    }

    private const string Copies = """
        SELECT c.id, c.book_id, r.code, c.barcode, c.withdrawn,
               (SELECT COUNT(*) FROM loans l WHERE l.copy_id = c.id AND l.returned_on IS NULL)
        FROM copies c JOIN branches r ON r.id = c.branch_id
        """;

    private static Copy ReadCopy(DbDataReader row) =>
        new(row.GetInt64(0), row.GetInt64(1), row.GetString(2), row.GetString(3), row.GetBoolean(4), row.GetInt64(5) > 0);

    private static Book ReadBook(DbDataReader row) =>
        new(row.GetInt64(0), row.GetString(1), row.GetString(2), row.GetString(3), row.GetInt32(4));

    private static string EscapeLike(string text) =>
        text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal);
}
