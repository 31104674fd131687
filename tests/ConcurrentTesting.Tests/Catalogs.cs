using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Tests;

/// <summary>Makes catalogs as discovery would.</summary>
internal static class Catalogs
{
    public static TestAssembly Assembly(string name = "Shop.Tests", string framework = "net10.0") =>
        new($"/repo/{name}/bin/{framework}/{name}.dll", framework, TestFramework.XUnit2, null);

    public static TestEntry Entry(TestAssembly assembly, string className, string name, int cases = 1, bool hasKnownRows = true)
    {
        return new TestEntry
        {
            Assembly = assembly,
            Id = StableGuid.Of($"{assembly.Source}/{className}.{name}"),
            CaseCount = cases,
            Payload = new NoPayload(),
            ClassName = className,
            MethodName = name.Split('(')[0],
            DisplayName = $"{className}.{name}",
            FullyQualifiedName = $"{className}.{name}",
            HasKnownRows = hasKnownRows,
        };
    }

    public static TestUnit Unit(TestAssembly assembly, string className, int tests) =>
        new(className, assembly, [.. Enumerable.Range(0, tests).Select(index => Entry(assembly, className, $"Test{index}"))]);

    public static TestCatalog Of(params TestUnit[] units) =>
        new([.. units.Select(unit => unit.Assembly).Distinct()], [.. units], []);

    public static TestCatalog Of(int classes, int testsPerClass, params string[] assemblies) => Of(
        [.. (assemblies.Length == 0 ? ["Shop.Tests"] : assemblies)
            .SelectMany(name => Enumerable.Range(0, classes).Select(index => Unit(Assembly(name), $"{name}.Class{index}", testsPerClass)))]);

    public static ImmutableArray<TestEntry> Entries(this TestCatalog catalog) => [.. catalog.Units.SelectMany(unit => unit.Entries)];
}

/// <summary>Of an entry that no host is to run.</summary>
internal sealed record NoPayload : TestPayload;
