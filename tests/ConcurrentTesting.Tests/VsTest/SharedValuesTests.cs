using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class SharedValuesTests
{
    private static readonly TestProperty Category = TestProperty.Register("NUnit.TestCategory", "", typeof(string[]), typeof(SharedValuesTests));
    private static readonly TestProperty Managed = TestProperty.Register("TestCase.ManagedMethod", "", typeof(string), typeof(SharedValuesTests));
    private static readonly TestProperty Number = TestProperty.Register("SharedValuesTests.Number", "", typeof(int), typeof(SharedValuesTests));

    [Fact]
    public void A_case_made_of_shared_values_is_the_case_that_came()
    {
        var came = Arrived(3);

        var shared = new SharedValues().Share(came);

        shared.Id.ShouldBe(came.Id);
        shared.DisplayName.ShouldBe("Row(3)");
        shared.CodeFilePath.ShouldBe("/repo/Orders.cs");
        shared.LineNumber.ShouldBe(12);
        shared.Traits.Select(trait => (trait.Name, trait.Value)).ShouldBe([("Speed", "slow"), ("Speed", "3")]);
        shared.Properties.Select(property => property.Id).ShouldBe(came.Properties.Select(property => property.Id), ignoreOrder: true);
        shared.GetPropertyValue<string[]>(Category, []).ShouldBe(["database", "slow"]);
        shared.GetPropertyValue(Number, 0).ShouldBe(3);
    }

    [Fact]
    public void An_id_that_the_adapter_chose_stays()
    {
        var came = Arrived(1);
        came.Id = Guid.Parse("00000000-0000-0000-0000-000000000001");

        new SharedValues().Share(came).Id.ShouldBe(came.Id);
    }

    [Fact]
    public void Equal_values_of_several_cases_are_one()
    {
        var values = new SharedValues();

        var first = values.Share(Arrived(1));
        var second = values.Share(Arrived(2));

        second.Source.ShouldBeSameAs(first.Source);
        second.CodeFilePath.ShouldBeSameAs(first.CodeFilePath);
        second.ExecutorUri.ShouldBeSameAs(first.ExecutorUri);
        second.GetPropertyValue(Managed).ShouldBeSameAs(first.GetPropertyValue(Managed));
        second.GetPropertyValue<string[]>(Category, [])![0].ShouldBeSameAs(first.GetPropertyValue<string[]>(Category, [])![0]);
    }

    private static TestCase Arrived(int row)
    {
        var test = new TestCase($"Shop.Orders.Row({row})", new Uri("executor://tests"), Own("/repo/Shop.dll"))
        {
            DisplayName = $"Row({row})",
            CodeFilePath = Own("/repo/Orders.cs"),
            LineNumber = 12,
        };
        test.Traits.Add("Speed", "slow");
        test.Traits.Add("Speed", $"{row}");
        test.SetPropertyValue(Category, new[] { Own("database"), Own("slow") });
        test.SetPropertyValue(Managed, Own("Row(System.Int32)"));
        test.SetPropertyValue(Number, row);
        return test;
    }

    private static string Own(string text) => new(text.AsSpan());
}
