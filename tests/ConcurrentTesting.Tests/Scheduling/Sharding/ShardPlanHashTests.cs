using System.Security.Cryptography;
using System.Text;
using ConcurrentTesting.Scheduling.Sharding;
using CsCheck;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling.Sharding;

public sealed class ShardPlanHashTests
{
    // Few signs, some of them below the separators, so that names begin alike and hold others.
    private static readonly Gen<string> Name = Gen.Char["ab\n\t\0\ud800é"].Array[0, 3].Select(signs => new string(signs));

    private static readonly Gen<ShardTest> Test =
        Gen.Select(Name, Name, Name, Gen.Bool).Select((assembly, type, name, isExplicit) => new ShardTest(assembly, type, name, isExplicit));

    [Fact]
    public void The_hash_is_that_of_all_lines_in_ordinal_order() =>
        Test.Array[0, 30].Sample(tests => ShardPlan.HashOf(tests).ShouldBe(HashOfLines(tests)), iter: 20_000);

    [Fact]
    public void The_hash_of_earlier_versions_stands() => ShardPlan.HashOf(
        [
            new ShardTest("Shop.Tests (net10.0)", "Shop.CartTests", "Adds(item: \"tea\")", false),
            new ShardTest("Shop.Tests (net10.0)", "Shop.CartTests", "Adds", true),
        ]).ShouldBe("08de57616ab51b9769e1f627bf2a2a15b4c10d51462198f2475624244cc85891");

    private static string HashOfLines(IEnumerable<ShardTest> tests) => Convert.ToHexStringLower(SHA256.HashData([.. tests
        .Select(test => $"{test.Assembly}\n{test.Class}\n{test.Name}\n{(test.IsExplicit ? "explicit" : "")}\0")
        .Order(StringComparer.Ordinal).SelectMany(Encoding.UTF8.GetBytes)]));
}
