namespace Lending.NUnit.Tests.Fines;

[TestFixture]
public class PayingTests : LibraryTest
{
    [TestCase(new[] { 100 }, 900)]
    [TestCase(new[] { 1000 }, 0)]
    [TestCase(new[] { 1, 2, 3 }, 994)]
    [TestCase(new[] { 500, 500 }, 0)]
    public async Task What_was_paid_is_owed_no_more(int[] payments, int left)
    {
        var member = await MemberWithFineAsync();
        foreach (var cents in payments)
            await Library.Fines.PayAsync(member.Card, cents);
        Assert.That(await Library.Fines.OwedAsync(member.Card), Is.EqualTo(left));
    }

    [TestCase(1001)]
    [TestCase(int.MaxValue)]
    public async Task Nobody_pays_more_than_is_owed(int cents)
    {
        var member = await MemberWithFineAsync();
        await RefusedAsync(Refusal.PaysTooMuch, () => Library.Fines.PayAsync(member.Card, cents));
    }

    [TestCase(0)]
    [TestCase(-1)]
    public void Nothing_is_no_payment(int cents) =>
        Assert.That(async () => await Library.Fines.PayAsync("1000000016", cents), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(4)]
    public async Task The_oldest_fine_is_paid_first(int fines)
    {
        var member = await MemberWithFineAsync(fines);
        await Library.Fines.PayAsync(member.Card, (1000 * fines) - 800);
        var expected = Enumerable.Repeat(1000, fines - 1).Append(200);
        Assert.That((await Library.Fines.OfAsync(member.Card)).Select(fine => fine.PaidCents), Is.EqualTo(expected));
    }

    private async Task<Member> MemberWithFineAsync(int fines = 1)
    {
        var member = await Given.MemberAsync();
        var copies = await Given.CopiesAsync(await Given.BookAsync(), fines);
        foreach (var copy in copies)
            await Library.Loans.LendAsync(member.Card, copy.Barcode);
        Clock.Advance(TimeSpan.FromDays(400));
        foreach (var copy in copies)
            await Library.Loans.ReturnAsync(copy.Barcode);
        return member;
    }
}

[TestFixture]
public class DebtorTests : LibraryTest
{
    [Test]
    public async Task The_debtor_owes_ten()
    {
        await Task.Delay(200);
        Assert.That(await Library.Fines.OwedAsync(Debtors.Debtor.Card), Is.EqualTo(1000));
    }

    [Test]
    public async Task The_debtor_borrows_nothing()
    {
        var copy = await Given.CopyAsync();
        await RefusedAsync(Refusal.FinesOwed, () => Library.Loans.LendAsync(Debtors.Debtor.Card, copy.Barcode));
    }

    [Test]
    public async Task The_debtor_does_not_leave() =>
        await RefusedAsync(Refusal.FinesOwed, () => Library.Members.LeaveAsync(Debtors.Debtor.Card));
}

[TestFixture]
public class DebtorNoticeTests : LibraryTest
{
    [TestCase(150)]
    [TestCase(300)]
    public async Task The_debtor_hears_of_it(int milliseconds)
    {
        await Library.Notices.SendAsync(Debtors.Debtor.Card, "fine", "Please pay", new SlowMailbox(milliseconds));
        Assert.That(await Library.Notices.OfAsync(Debtors.Debtor.Card), Has.Count.EqualTo(1));
    }

    [Test]
    public void The_namespace_was_set_up_once() => Assert.That(Debtors.SetUps, Has.Count.EqualTo(1));

    private sealed class SlowMailbox(int milliseconds) : IMailbox
    {
        public Task SendAsync(string address, string body, CancellationToken cancellation) => Task.Delay(milliseconds, cancellation);
    }
}
