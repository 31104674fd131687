namespace Lending.XUnit3.Tests.Checkout;

public class SelfCheckoutTests : LibraryTest
{
    [Theory]
    [InlineData(100)]
    [InlineData(400)]
    [InlineData(800)]
    public async Task Who_walks_away_is_signed_out(int milliseconds)
    {
        using var terminal = new SelfCheckout(Library, (await Given.MemberAsync()).Card, TimeSpan.FromMilliseconds(milliseconds));
        await terminal.SignedOut.WaitAsync(Stop);
        Assert.False(terminal.IsSignedIn);
    }

    [Fact]
    public async Task Who_keeps_scanning_stays_signed_in()
    {
        using var terminal = new SelfCheckout(Library, (await Given.MemberAsync()).Card, TimeSpan.FromSeconds(30));
        foreach (var copy in await Given.CopiesAsync(await Given.BookAsync(), 4))
        {
            await WaitAsync(200);
            await terminal.ScanAsync(copy.Barcode);
        }

        Assert.Equal(4, terminal.Loans.Count);
    }

    [Fact]
    public async Task Nothing_is_lent_after_that()
    {
        var copy = await Given.CopyAsync();
        using var terminal = new SelfCheckout(Library, (await Given.MemberAsync()).Card, TimeSpan.FromMilliseconds(150));
        await terminal.SignedOut.WaitAsync(Stop);
        await Assert.ThrowsAsync<InvalidOperationException>(() => terminal.ScanAsync(copy.Barcode));
        Assert.False(Assert.Single(await Library.Catalogue.CopiesAsync(copy.BookId)).OnLoan);
    }

    [Fact(Timeout = 20_000)]
    public async Task What_is_refused_does_not_count()
    {
        using var terminal = new SelfCheckout(Library, (await Given.MemberAsync("child")).Card, TimeSpan.FromSeconds(30));
        var copies = await Given.CopiesAsync(await Given.BookAsync(), 4);
        foreach (var copy in copies.Take(3))
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            await terminal.ScanAsync(copy.Barcode);
        }

        await RefusedAsync(Refusal.LoanLimitReached, () => terminal.ScanAsync(copies[3].Barcode));
        Assert.Equal(3, terminal.Loans.Count);
    }
}

public class LastCopyTests : LibraryTest
{
    [Fact]
    public async Task Two_desks_do_not_lend_the_same_copy()
    {
        var copy = await Given.CopyAsync();
        Member[] members = [await Given.MemberAsync(), await Given.MemberAsync()];
        var outcomes = await Task.WhenAll(members.Select(member => Task.Run(
            async () => await Record.ExceptionAsync(() => Library.Loans.LendAsync(member.Card, copy.Barcode)), Stop)));
        Assert.Equal(Refusal.CopyOnLoan, Assert.IsType<LendingRefusedException>(Assert.Single(outcomes, outcome => outcome is not null)).Reason);
    }

    // Rows that are objects: one test case with a result for each.
    public static IEnumerable<TheoryDataRow<Func<Library, string, Task>, Refusal>> Misuses() =>
    [
        new((library, barcode) => library.Loans.ReturnAsync(barcode), Refusal.NotOnLoan),
        new((library, _) => library.Loans.ReturnAsync("?"), Refusal.UnknownCopy),
        new((library, barcode) => library.Loans.LendAsync("?", barcode), Refusal.UnknownMember),
    ];

    [Theory]
    [MemberData(nameof(Misuses))]
    public async Task What_makes_no_sense_is_refused(Func<Library, string, Task> misuse, Refusal reason)
    {
        var copy = await Given.CopyAsync();
        await WaitAsync(80);
        await RefusedAsync(reason, () => misuse(Library, copy.Barcode));
    }
}
