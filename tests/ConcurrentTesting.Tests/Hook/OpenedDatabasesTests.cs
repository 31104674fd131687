extern alias hook;

using hook::ConcurrentTesting.TestHook.Measuring;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class OpenedDatabasesTests
{
    [Fact]
    public void The_first_test_that_opens_a_database_is_named_as_it_is_named_in_the_end()
    {
        var opened = new OpenedDatabases();
        var scope = new TestScope(1, TestIdentity.OfTest("Shop.Orders", "Ships"), isWholeCase: true, new RunningScopes());

        opened.Add("reports", scope);
        opened.Add("shop", new Tally());
        opened.Add("reports", new TestScope(2, TestIdentity.OfTest("Shop.Orders", "Other"), isWholeCase: true, new RunningScopes()));
        scope.Name("Ships(3)");

        opened.Tell().ShouldBe([("reports", 2, "Shop.Orders.Ships(3)"), ("shop", 1, "")]);
    }

    [Theory]
    [InlineData("", "", "Shop.Orders.Ships", "Shop.Orders.Ships")]
    [InlineData("", "Shop.Orders", "Ships", "Shop.Orders.Ships")]
    [InlineData("", "Shop.Orders", "Shop.Orders.Ships(1)", "Shop.Orders.Ships(1)")]
    [InlineData("Shop.Orders(3).Ships", "Shop.Orders", "Ships", "Shop.Orders(3).Ships")]
    public void A_test_is_named_by_what_is_known_of_it(string fullyQualifiedName, string className, string displayName, string name) =>
        (TestIdentity.OfTest(className, displayName) with { FullyQualifiedName = fullyQualifiedName }).Name.ShouldBe(name);
}
