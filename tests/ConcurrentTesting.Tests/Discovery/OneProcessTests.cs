using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ConcurrentTesting.Discovery;
using Shouldly;
using Xunit;

#pragma warning disable CS0169, CS0414, CS0649, CA1823, CA1802, CA2211, IDE0044, IDE0051, IDE0052, CA1805, CA1051, CA1812, CA1822 // Fields that metadata is read of.

namespace ConcurrentTesting.Tests.Discovery;

/// <summary>What the metadata of a class says of whether its tests may run in several processes.</summary>
public sealed class OneProcessTests : IDisposable
{
    private readonly TypeHierarchy _types = new(typeof(OneProcessTests).Assembly.Location);

    public void Dispose() => _types.Dispose();

    [Theory]
    [InlineData(nameof(NoStatics), null)]
    [InlineData(nameof(Constants), null)]
    [InlineData(nameof(Counter), "the static field _count")]
    [InlineData(nameof(Derived), "the static field _count")]
    [InlineData(nameof(Lists), "the static field Seen")]
    [InlineData(nameof(Property), "the static field <Last>k__BackingField")]
    [InlineData(nameof(OfThread), "the static field _mine")]
    [InlineData(nameof(Ordered), "[TestOrder]")]
    [InlineData(nameof(Prioritized), "[TestPriority]")]
    [InlineData(nameof(WithFixture), "a class fixture")]
    [InlineData(nameof(WithSetUp), "[OnceForAll]")]
    public void A_class_says_by_its_metadata_what_needs_one_process(string name, string? why) =>
        OneProcess.Why(_types, $"{typeof(OneProcessTests).FullName}+{name}", attribute => attribute.Type.EndsWith("OnceForAllAttribute", StringComparison.Ordinal), "Xunit.IClassFixture`1").ShouldBe(why);

    [Theory]
    [InlineData("""{ "parallelMode": "all" }""", "all")]
    [InlineData("""{ /* all of them */ "parallelMode": "none", }""", "none")]
    [InlineData("""{ "maxParallelThreads": 4 }""", null)]
    [InlineData("""{ "parallelMode": 2 }""", null)]
    [InlineData("[]", null)]
    [InlineData("{", null)]
    public void The_configuration_file_of_xunit_is_read_as_far_as_it_can_be(string content, string? mode)
    {
        var folder = Directory.CreateTempSubdirectory("xunit-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "xunit.runner.json"), content);
            XUnitConfiguration.Of(Path.Combine(folder, "Shop.Tests.dll"), "parallelMode").ShouldBe(mode);
            File.WriteAllText(Path.Combine(folder, "Shop.Tests.xunit.runner.json"), """{ "parallelMode": "collections" }""");
            XUnitConfiguration.Of(Path.Combine(folder, "Shop.Tests.dll"), "parallelMode").ShouldBe("collections");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class NoStatics
    {
        private int _value;
        private readonly List<int> _seen = [];

        public void Test() => _seen.Add(_value++);
    }

    private sealed class Constants
    {
        public const string Name = "a";
        public static readonly string Text = "b";
        public static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
        public static readonly DayOfWeek Day = DayOfWeek.Monday;
        public static readonly string[] Words = ["a"];
        public static readonly ImmutableArray<int> Numbers = [1];
        public static readonly Regex Pattern = new("a");
        public static readonly int? Perhaps = 1;

        public static IEnumerable<object[]> Rows { get; } = [[1]];

        public static TheoryData<int> More { get; } = [1];
    }

    private class Counter
    {
        protected static int _count;
    }

    private sealed class Derived : Counter;

    private sealed class Lists
    {
        public static readonly List<int> Seen = [];
    }

    private sealed class Property
    {
        public static string? Last { get; set; }
    }

    private sealed class OfThread
    {
        [ThreadStatic]
        private static int _mine;
    }

    private sealed class Ordered
    {
        [TestOrder]
        public void Test()
        {
        }
    }

    private sealed class Prioritized
    {
        [TestPriority]
        public void Test()
        {
        }
    }

    private sealed class WithFixture : IClassFixture<object>;

    private sealed class WithSetUp
    {
        [OnceForAll]
        public void SetUp()
        {
        }
    }

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class TestOrderAttribute : Attribute;

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class TestPriorityAttribute : Attribute;

    [AttributeUsage(AttributeTargets.Method)]
    private sealed class OnceForAllAttribute : Attribute;
}
