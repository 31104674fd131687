namespace Lending.NUnit.Tests.Fines;

[TestFixture]
[Parallelizable(ParallelScope.All)]
public class FineRuleTests
{
    [TestCase("2026-03-02", "2026-03-01", 0)]
    [TestCase("2026-03-02", "2026-03-02", 0)]
    [TestCase("2026-03-02", "2026-03-03", 1)]
    [TestCase("2026-03-02", "2026-03-07", 5)]
    [TestCase("2026-03-02", "2026-03-08", 5, Description = "A Sunday does not count")]
    [TestCase("2026-03-02", "2026-03-09", 6)]
    [TestCase("2026-03-01", "2026-03-09", 7)]
    [TestCase("2026-03-07", "2026-03-08", 0)]
    [TestCase("2025-12-31", "2026-01-31", 27)]
    public void Sundays_do_not_count(string due, string returned, int days) =>
        Assert.That(FineRules.OpenDaysBetween(DateOnly.Parse(due), DateOnly.Parse(returned)), Is.EqualTo(days));

    [TestCaseSource(nameof(Weeks))]
    public int A_week_has_six_open_days(DateOnly start, int weeks) => FineRules.OpenDaysBetween(start, start.AddDays(7 * weeks));

    private static IEnumerable<TestCaseData> Weeks() =>
        from weeks in new[] { 1, 2, 10 }
        from day in new[] { 1, 4, 7 }
        select new TestCaseData(new DateOnly(2026, 3, day), weeks).Returns(6 * weeks);
}

[TestFixture]
public class FineRulePropertyTests
{
    // Random rows: their names are repeatable only where a RandomSeed is given.
    [Test]
    public void A_later_return_never_costs_less([Random(0, 400, 4)] int days, [Random(1, 30, 3)] int more)
    {
        var due = new DateOnly(2026, 3, 2);
        Assert.That(FineRules.Cents(25, due, due.AddDays(days + more)), Is.GreaterThanOrEqualTo(FineRules.Cents(25, due, due.AddDays(days))));
    }

    [Test]
    public void Nobody_pays_more_than_the_cap([Random(-100.0, 100_000.0, 5)] double days)
    {
        var due = new DateOnly(2026, 3, 2);
        Assert.That(FineRules.Cents(10, due, due.AddDays((int)days)), Is.InRange(0, FineRules.CapCents));
    }

    [Test]
    [Pairwise]
    public void Cents_are_days_times_the_daily_fine([Values(0, 10, 25)] int daily, [Values(3, 6, 9)] int days, [Values(1, 2)] int month)
    {
        var due = new DateOnly(2026, month, 2);
        Assert.That(FineRules.Cents(daily, due, due.AddDays(days)), Is.EqualTo(daily * FineRules.OpenDaysBetween(due, due.AddDays(days))));
    }

    [DatapointSource]
    public static readonly int[] Days = [-1, 0, 1, 2, 3, 30];

    // A theory is one test each for the rows that its assumption lets through; the others are inconclusive.
    [Theory]
    public void Days_of_grace_cost_nothing(int days)
    {
        Assume.That(days, Is.InRange(0, FineRules.GraceDays));
        var due = new DateOnly(2026, 3, 2);
        Assert.That(FineRules.Cents(25, due, due.AddDays(days)), Is.Zero);
    }
}
