namespace Lending.MSTest.Tests.Sometimes;

[TestClass]
public class IgnoredTests : LibraryTest
{
    [TestMethod]
    [Ignore("The library has no balloon.")]
    public void Books_are_flown() => Assert.Fail("An ignored test has run.");

    [TestMethod]
    [Ignore]
    public void Books_are_flown_without_a_word() => Assert.Fail("An ignored test has run.");

    [TestMethod]
    [DataRow("red")]
    [DataRow("blue")]
    [Ignore("The library has no balloons, \"really\" (none).")]
    public void Books_are_flown_in_balloons(string colour) => Assert.Fail($"An ignored test has run: {colour}.");

    [TestMethod]
    [DataRow("adult")]
    [DataRow("pirate", IgnoreMessage = "There are no pirates here.")]
    public async Task Rows_are_ignored(string tier) => Assert.AreEqual(tier, (await Given.MemberAsync(tier)).Tier.Code);

    [TestMethod]
    public async Task Inconclusive_after_a_look_at_the_database()
    {
        if ((await Library.Catalogue.SearchAsync(Given.NewWord())).Count == 0)
            Assert.Inconclusive("No such book.");
        Assert.Fail("A test that knows nothing went on.");
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(2)]
    public void Inconclusive_for_some_rows(int number)
    {
        if (number == 2)
            Assert.Inconclusive("Two is not known.");
    }

    [TestMethod]
    [OSCondition(ConditionMode.Exclude, OperatingSystems.Linux | OperatingSystems.OSX | OperatingSystems.Windows | OperatingSystems.FreeBSD)]
    public void Only_on_clay_tablets() => Assert.Fail("A test for another platform has run.");
}

[TestClass]
[Ignore("The whole class waits for the new building.")]
public class NewBuildingTests
{
    [TestMethod]
    public void Has_a_roof() => Assert.Fail("An ignored test has run.");

    [TestMethod]
    [DataRow("north")]
    [DataRow("south")]
    public void Has_doors(string side) => Assert.Fail($"An ignored test has run: {side}.");
}

[TestClass]
public class SecondChanceTests
{
    private static int _attempts;

    [TestMethod]
    [Retry(3)]
    public async Task The_scanner_needs_a_second_look()
    {
        await Task.Delay(40);
        Assert.IsGreaterThanOrEqualTo(2, ++_attempts);
    }
}
