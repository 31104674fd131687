namespace Lending.NUnit.Tests.Loans;

[TestFixture]
public class LendingTests : LibraryTest
{
    [TestCase("child", 21)]
    [TestCase("student", 28)]
    [TestCase("adult", 21)]
    [TestCase("senior", 28)]
    public async Task A_loan_is_as_long_as_the_tier_allows(string tier, int days)
    {
        var loan = await Library.Loans.LendAsync((await Given.MemberAsync(tier)).Card, (await Given.CopyAsync()).Barcode);
        Assert.That(loan.DueOn, Is.EqualTo(Library.Today.AddDays(days)));
    }

    [Test]
    public async Task A_lent_copy_is_not_lent_again()
    {
        var copy = await Given.LentCopyAsync(await Given.MemberAsync());
        await RefusedAsync(Refusal.CopyOnLoan, async () => await Library.Loans.LendAsync((await Given.MemberAsync()).Card, copy.Barcode));
    }

    [Test]
    public async Task Blocked_members_borrow_nothing()
    {
        var member = await Given.MemberAsync();
        var copy = await Given.CopyAsync();
        await Library.Members.BlockAsync(member.Card);
        await RefusedAsync(Refusal.MemberBlocked, () => Library.Loans.LendAsync(member.Card, copy.Barcode));
        await Library.Members.UnblockAsync(member.Card);
        Assert.That((await Library.Loans.LendAsync(member.Card, copy.Barcode)).MemberId, Is.EqualTo(member.Id));
    }

    [TestCase("")]
    [TestCase("S001 -1")]
    [TestCase("s001-1")]
    [TestCase("S001-1' OR '1'='1")]
    [TestCase("a.b(c), \"d\" & 'e' | !f = ~g")]
    public async Task Only_labels_of_the_library_are_lent(string barcode) =>
        await RefusedAsync(Refusal.UnknownCopy, async () => await Library.Loans.LendAsync((await Given.MemberAsync()).Card, barcode));
}

/// <summary>The same tests for each tier: a fixture with arguments.</summary>
[TestFixture("child", 3)]
[TestFixture("student", 5)]
[TestFixture("adult", 8)]
public class LoanLimitTests(string tier, int limit) : LibraryTest
{
    [Test]
    public async Task One_more_than_the_limit_is_refused()
    {
        var member = await Given.MemberAsync(tier);
        foreach (var copy in await Given.CopiesAsync(await Given.BookAsync(), limit))
            await Library.Loans.LendAsync(member.Card, copy.Barcode);
        var extra = await Given.CopyAsync();
        await RefusedAsync(Refusal.LoanLimitReached, () => Library.Loans.LendAsync(member.Card, extra.Barcode));
    }

    [Test]
    public async Task A_return_makes_room()
    {
        var member = await Given.MemberAsync(tier);
        var copies = await Given.CopiesAsync(await Given.BookAsync(), limit + 1);
        foreach (var copy in copies.Take(limit))
            await Library.Loans.LendAsync(member.Card, copy.Barcode);
        await Library.Loans.ReturnAsync(copies[0].Barcode);
        await Library.Loans.LendAsync(member.Card, copies[limit].Barcode);
        Assert.That(await Library.Loans.OpenLoansAsync(member.Card), Has.Count.EqualTo(limit));
    }
}

[TestFixture]
public class DueDateTests
{
    [TestCase("2026-03-02", 21, ExpectedResult = "2026-03-23")]
    [TestCase("2026-03-01", 21, ExpectedResult = "2026-03-23")]
    [TestCase("2026-03-06", 2, ExpectedResult = "2026-03-09")]
    [TestCase("2024-02-28", 1, ExpectedResult = "2024-02-29")]
    [TestCase("2025-12-31", 0, ExpectedResult = "2025-12-31")]
    public string A_loan_is_due_on_a_day_when_the_library_is_open(string lent, int days) =>
        FineRules.DueOn(DateOnly.Parse(lent), days).ToString("yyyy-MM-dd");

    [Test]
    public void Never_on_a_Sunday([Range(0, 28, 7)] int days, [Values("2026-03-01", "2026-03-02", "2026-03-07")] string lent) =>
        Assert.That(FineRules.DueOn(DateOnly.Parse(lent), days).DayOfWeek, Is.Not.EqualTo(DayOfWeek.Sunday));
}
