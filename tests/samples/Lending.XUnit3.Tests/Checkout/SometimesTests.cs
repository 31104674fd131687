namespace Lending.XUnit3.Tests.Checkout;

public class SkippedTests : LibraryTest
{
    public static bool HasDrone => false;

    [Fact(Skip = "The library has no drone.")]
    public void Books_are_flown_home() => Assert.Fail("A skipped test has run.");

    [Fact(Skip = "The library still has no drone.", SkipUnless = nameof(HasDrone))]
    public void Books_are_flown_back() => Assert.Fail("A skipped test has run.");

    [Fact]
    public async Task Skipped_after_a_look_at_the_database()
    {
        var copies = await Library.Catalogue.SearchAsync(Given.NewWord());
        Assert.SkipWhen(copies.Count == 0, "No such book; \"nothing\" to test, (really).");
        Assert.Fail("A skipped test has run.");
    }

    [Theory]
    [InlineData("child", true)]
    [InlineData("adult", false)]
    [InlineData("senior", true)]
    public async Task Skipped_for_some_rows(string tier, bool skipped)
    {
        var member = await Given.MemberAsync(tier);
        if (skipped)
            Assert.Skip($"Tier {tier} has no rule for this.");
        Assert.Equal(tier, member.Tier.Code);
    }
}

/// <summary>Explicit tests: a plain run leaves them alone.</summary>
public class ExplicitTests : LibraryTest
{
    [Fact(Explicit = true)]
    public void Counts_every_page_of_every_book() => Assert.Fail("An explicit test has run.");

    [Theory(Explicit = true)]
    [InlineData("January")]
    [InlineData("July")]
    public void Dusts_all_shelves(string month) => Assert.Fail($"An explicit test has run: {month}.");

    [Fact]
    public async Task A_plain_test_beside_them_runs()
    {
        await WaitAsync(30);
        Assert.Equal("adult", (await Given.MemberAsync()).Tier.Code);
    }
}
