using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class PackedValuesTests
{
    private static readonly TestProperty Serialization = TestProperty.Register("XunitTestCaseSerialization", "", typeof(string), typeof(PackedValuesTests));
    private static readonly TestProperty UniqueId = TestProperty.Register("XunitTestCaseUniqueID", "", typeof(string), typeof(PackedValuesTests));
    private static readonly TestProperty ManagedType = TestProperty.Register("TestCase.ManagedType", "", typeof(string), typeof(PackedValuesTests));

    [Fact]
    public void A_packed_case_runs_with_everything_it_was_discovered_with()
    {
        var cases = Enumerable.Range(0, 200).Select(Discovered).ToList();
        var before = cases.ConvertAll(Properties);

        PackedValues.Pack(cases);
        var whole = PackedValues.Unpack(cases).ToList();

        whole.ConvertAll(Properties).ShouldBe(before);
        whole.ShouldAllBe(test => test.Traits.Single().Value == "slow");
    }

    [Fact]
    public void A_packed_case_holds_names_and_ids_but_not_the_long_text()
    {
        var test = Discovered(7);
        var id = test.Id;

        PackedValues.Pack([test]);

        test.GetPropertyValue(Serialization).ShouldBeNull();
        test.GetPropertyValue(UniqueId).ShouldBe("unique-7");
        test.GetPropertyValue(ManagedType).ShouldBe(LongName);
        (test.Id, test.FullyQualifiedName, test.DisplayName).ShouldBe((id, "Shop.Orders.Row7", "Row7"));
    }

    [Fact]
    public void Copies_that_were_sent_lose_their_long_texts_and_can_be_made_again()
    {
        var test = Discovered(7);
        var before = Properties(test);
        PackedValues.Pack([test]);
        var copy = PackedValues.Unpack([test]).Single();

        PackedValues.Strip([copy]);

        copy.GetPropertyValue(Serialization).ShouldBeNull();
        copy.Id.ShouldBe(test.Id);
        Properties(PackedValues.Unpack([test]).Single()).ShouldBe(before);
    }

    [Fact]
    public void A_case_that_is_no_copy_is_never_stripped()
    {
        var test = Discovered(7);
        var before = Properties(test);

        PackedValues.Strip([test]);

        Properties(test).ShouldBe(before);
    }

    [Fact]
    public void A_text_that_is_not_valid_unicode_survives()
    {
        var test = Discovered(1);
        var text = new string('\ud800', 500);
        test.SetPropertyValue(Serialization, text);

        PackedValues.Pack([test]);

        PackedValues.Unpack([test]).Single().GetPropertyValue(Serialization).ShouldBe(text);
    }

    [Fact]
    public void Texts_of_any_language_survive_beside_each_other()
    {
        string[] texts = [new('a', 300), new('é', 300), new('\u007f', 300), new('\u0080', 300), "\U0001F600" + new string('z', 300), new('\0', 300)];
        var cases = texts.Select((text, number) =>
        {
            var test = Discovered(number);
            test.SetPropertyValue(Serialization, text);
            return test;
        }).ToList();

        PackedValues.Pack(cases);

        PackedValues.Unpack(cases).Select(test => test.GetPropertyValue(Serialization)).ShouldBe(texts);
    }

    [Fact]
    public void A_case_with_nothing_long_is_given_as_it_is()
    {
        var test = new TestCase("Shop.Orders.Row", new Uri("executor://tests"), "tests.dll");

        PackedValues.Pack([test]);

        PackedValues.Unpack([test]).ShouldBe([test]);
    }

    private static readonly string LongName = "Shop." + new string('N', 400);

    private static TestCase Discovered(int number)
    {
        var test = new TestCase($"Shop.Orders.Row{number}", new Uri("executor://tests"), "tests.dll") { DisplayName = $"Row{number}", LineNumber = number };
        test.SetPropertyValue(Serialization, Convert.ToBase64String(Enumerable.Range(0, 1_000).Select(index => (byte)(index * 31 + (index == 500 ? number : 0))).ToArray()));
        test.SetPropertyValue(UniqueId, $"unique-{number}");
        test.SetPropertyValue(ManagedType, LongName);
        test.Traits.Add("Speed", "slow");
        return test;
    }

    private static string Properties(TestCase test) =>
        string.Join('\n', test.Properties.OrderBy(property => property.Id, StringComparer.Ordinal).Select(property => $"{property.Id}={test.GetPropertyValue(property)}")) + test.Id;
}
