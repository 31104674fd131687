namespace Lending.NUnit.Tests.Sometimes;

[TestFixture]
public class IgnoredTests : LibraryTest
{
    [Test]
    [Ignore("The library has no boat.")]
    public void Books_are_shipped() => Assert.Fail("An ignored test has run.");

    [TestCase("red")]
    [TestCase("blue")]
    [Ignore("The library has no boats, \"really\" (none).")]
    public void Books_are_shipped_in_boats(string colour) => Assert.Fail($"An ignored test has run: {colour}.");

    [TestCase("adult")]
    [TestCase("pirate", Ignore = "There are no pirates here.")]
    public async Task Rows_are_ignored(string tier) => Assert.That((await Given.MemberAsync(tier)).Tier.Code, Is.EqualTo(tier));

    [Test]
    public async Task Ignored_after_a_look_at_the_database()
    {
        if ((await Library.Catalogue.SearchAsync(Given.NewWord())).Count == 0)
            Assert.Ignore("No such book.");
        Assert.Fail("An ignored test has run.");
    }

    [Test]
    public void Inconclusive_on_its_own_word() => Assert.Inconclusive("Nobody knows.");

    [Test]
    public void Inconclusive_by_assumption() => Assume.That(1 + 1, Is.EqualTo(3), "Only where one and one make three.");

    [Test]
    public void Passed_on_its_own_word() => Assert.Pass("Good enough.");

    [Test]
    public void Passed_with_a_warning() => Warn.If(1 + 1, Is.EqualTo(2), "One and one made two again.");

    [TestCase(1)]
    [TestCase(2)]
    [Platform(Exclude = "Linux,Win,MacOsX", Reason = "Needs a clay tablet.")]
    public void Only_on_clay(int tablet) => Assert.Fail($"A test for another platform has run: {tablet}.");
}

[TestFixture]
[Ignore("The whole class waits for the new building.")]
public class NewBuildingTests
{
    [Test]
    public void Has_a_roof() => Assert.Fail("An ignored test has run.");

    [TestCase("north")]
    [TestCase("south")]
    public void Has_doors(string side) => Assert.Fail($"An ignored test has run: {side}.");
}

/// <summary>Explicit tests: a plain run leaves them alone.</summary>
[TestFixture]
public class ExplicitTests : LibraryTest
{
    [Test]
    [Explicit("Takes a night.")]
    public void Counts_every_page_of_every_book() => Assert.Fail("An explicit test has run.");

    [TestCase("January")]
    [TestCase("July")]
    [Explicit]
    public void Dusts_all_shelves(string month) => Assert.Fail($"An explicit test has run: {month}.");

    [TestCase("always")]
    [TestCase("seldom", Explicit = true)]
    public void Rows_can_be_explicit(string when) => Assert.That(when, Is.EqualTo("always"));

    [Test]
    public async Task A_plain_test_beside_them_runs()
    {
        await Task.Delay(30);
        Assert.That((await Given.MemberAsync()).Tier.Code, Is.EqualTo("adult"));
    }
}

[TestFixture]
[Explicit("Only before the yearly audit.")]
public class AuditTests
{
    [Test]
    public void Counts_the_coins() => Assert.Fail("An explicit test has run.");

    [TestCase("east")]
    [TestCase("west")]
    public void Counts_the_chairs(string room) => Assert.Fail($"An explicit test has run: {room}.");
}

[TestFixture]
public class SecondChanceTests
{
    private static int _attempts;

    [Test]
    [Retry(3)]
    public async Task The_scanner_needs_a_second_look()
    {
        await Task.Delay(40);
        Assert.That(++_attempts, Is.GreaterThanOrEqualTo(2));
    }

    [Test]
    [Repeat(3)]
    public async Task The_scanner_looks_three_times()
    {
        await Task.Delay(40);
        Assert.That(Isbn.TryParse("9780306406157", out _));
    }
}
