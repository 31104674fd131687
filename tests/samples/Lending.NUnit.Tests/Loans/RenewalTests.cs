namespace Lending.NUnit.Tests.Loans;

[TestFixture]
public class RenewalTests : LibraryTest
{
    [TestCase("child", 2)]
    [TestCase("student", 3)]
    [TestCase("senior", 4)]
    public async Task A_loan_is_renewed_as_often_as_the_tier_allows(string tier, int times)
    {
        var member = await Given.MemberAsync(tier);
        var copy = await Given.LentCopyAsync(member);
        for (var time = 0; time < times; time++)
            await Library.Loans.RenewAsync(member.Card, copy.Barcode);
        await RefusedAsync(Refusal.RenewalLimitReached, () => Library.Loans.RenewAsync(member.Card, copy.Barcode));
    }

    [Test]
    public async Task A_renewed_loan_counts_from_today()
    {
        var member = await Given.MemberAsync();
        var copy = await Given.LentCopyAsync(member);
        Clock.Advance(TimeSpan.FromDays(14));
        Assert.That((await Library.Loans.RenewAsync(member.Card, copy.Barcode)).DueOn, Is.EqualTo(Library.Today.AddDays(21)));
    }

    [Test]
    public async Task Nobody_renews_for_another()
    {
        var copy = await Given.LentCopyAsync(await Given.MemberAsync());
        await RefusedAsync(Refusal.NotOnLoan, async () => await Library.Loans.RenewAsync((await Given.MemberAsync()).Card, copy.Barcode));
    }

    /// <summary>In an order: each test goes on where the one before it stopped.</summary>
    [TestFixture]
    public class StepByStep : LibraryTest
    {
        private static readonly List<string> Steps = [];

        // Obsolete in NUnit 5, but what most suites in the world still say.
#pragma warning disable CS0618
        [Test]
        [Order(1)]
        public Task First_the_book_is_lent() => GoAsync("lent");

        [Test]
        [Order(2)]
        public Task Then_it_is_renewed() => GoAsync("lent", "renewed");

        [Test]
        [Order(3)]
        public Task Then_it_comes_back() => GoAsync("lent", "renewed", "returned");
#pragma warning restore CS0618

        private static async Task GoAsync(params string[] expected)
        {
            await Task.Delay(50 + 50 * expected.Length);
            Steps.Add(expected[^1]);
            Assert.That(Steps, Is.EqualTo(expected));
        }
    }

    /// <summary>The same said in NUnit 5's way.</summary>
    [TestFixture]
    public class OneAfterAnother : LibraryTest
    {
        private static readonly List<string> Steps = [];

        [Test]
        [DependsOnTest(nameof(First_the_book_is_lent))]
        public Task Comes_back_then() => GoAsync("lent", "returned");

        [Test]
        public Task First_the_book_is_lent() => GoAsync("lent");

        private static async Task GoAsync(params string[] expected)
        {
            await Task.Delay(50 + 50 * expected.Length);
            Steps.Add(expected[^1]);
            Assert.That(Steps, Is.EqualTo(expected));
        }
    }
}

[TestFixture]
public class ReturnTests : LibraryTest
{
    [Test]
    public async Task What_was_not_lent_does_not_come_back()
    {
        var copy = await Given.CopyAsync();
        await RefusedAsync(Refusal.NotOnLoan, () => Library.Loans.ReturnAsync(copy.Barcode));
    }

    [TestCase(0, 0)]
    [TestCase(21, 0)]
    [TestCase(23, 0)]
    [TestCase(24, 75)]
    [TestCase(31, 225)]
    [TestCase(400, FineRules.CapCents)]
    public async Task Late_returns_cost(int days, int cents)
    {
        var copy = await Given.LentCopyAsync(await Given.MemberAsync());
        Clock.Advance(TimeSpan.FromDays(days));
        Assert.That((await Library.Loans.ReturnAsync(copy.Barcode)).FineCents, Is.EqualTo(cents));
    }

    [Test]
    public async Task Children_pay_nothing()
    {
        var copy = await Given.LentCopyAsync(await Given.MemberAsync("child"));
        Clock.Advance(TimeSpan.FromDays(400));
        Assert.That((await Library.Loans.ReturnAsync(copy.Barcode)).FineCents, Is.Zero);
    }
}

[TestFixture]
[Category("Calendar")]
public class OverdueTests : LibraryTest
{
    [Test]
    public async Task The_longest_overdue_comes_first()
    {
        var member = await Given.MemberAsync();
        var early = await Given.LentCopyAsync(member);
        Clock.Advance(TimeSpan.FromDays(3));
        var late = await Given.LentCopyAsync(member);
        Clock.Advance(TimeSpan.FromDays(40));
        var overdue = await Library.Loans.OverdueAsync(member.Card);
        Assert.That(overdue.Select(loan => loan.Barcode), Is.EqualTo(new[] { early.Barcode, late.Barcode }));
        Assert.That(overdue[0].DaysLate, Is.EqualTo(22));
    }

    [Test]
    public async Task The_seed_has_a_late_reader()
    {
        var overdue = await Library.Loans.OverdueAsync("1000000107");
        Assert.That(overdue.Select(loan => loan.Barcode), Is.EquivalentTo(new[] { "S001-1", "S006-1" }));
    }

    [Test]
    [Sequential]
    public async Task Days_late_are_counted([Values(22, 23, 50)] int days, [Values(1, 2, 29)] int late)
    {
        var member = await Given.MemberAsync();
        await Given.LentCopyAsync(member);
        Clock.Advance(TimeSpan.FromDays(days));
        Assert.That((await Library.Loans.OverdueAsync(member.Card)).Single().DaysLate, Is.EqualTo(late));
    }
}
