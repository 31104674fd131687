namespace Lending.XUnit2.Tests.Books;

/// <summary>Whatever text goes in comes out the same. The classes below say into what.</summary>
public abstract class StoredTextTests : LibraryTest
{
    protected abstract Task<string?> StoreAndReadAsync(string text);

    [Theory]
    [MemberData(nameof(OddCharacters.All), MemberType = typeof(OddCharacters))]
    public async Task Text_comes_back_as_it_was(string text) =>
        Assert.Equal(Title.Normalise(text), await StoreAndReadAsync(text));
}

public class StoredTitleTests : StoredTextTests
{
    protected override async Task<string?> StoreAndReadAsync(string text)
    {
        var book = await Given.BookAsync(title: text);
        return (await Library.Catalogue.FindAsync(Isbn.Parse(book.Isbn)))?.Title;
    }
}

public class StoredAuthorTests : StoredTextTests
{
    protected override async Task<string?> StoreAndReadAsync(string text)
    {
        var book = await Given.BookAsync(author: text);
        return (await Library.Catalogue.FindAsync(Isbn.Parse(book.Isbn)))?.Author;
    }
}
