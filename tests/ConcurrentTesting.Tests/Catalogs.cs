using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.Tests;

/// <summary>Makes catalogs as discovery would.</summary>
internal static class Catalogs
{
    public static TestAssembly Assembly(string name = "Shop.Tests", string framework = "net10.0") =>
        new($"/repo/{name}/bin/{framework}/{name}.dll", framework, TestFramework.XUnit2, null);

    public static TestEntry Entry(TestAssembly assembly, string className, string name, int cases = 1, bool hasKnownRows = true)
    {
        var test = new TestCase($"{className}.{name}", new Uri("executor://tests"), assembly.Path) { DisplayName = $"{className}.{name}" };
        return new TestEntry
        {
            Assembly = assembly,
            Cases = [.. Enumerable.Repeat(test, cases)],
            ClassName = className,
            MethodName = name.Split('(')[0],
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
