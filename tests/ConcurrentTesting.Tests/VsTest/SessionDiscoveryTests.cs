using ConcurrentTesting.Catalog;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

public sealed class SessionDiscoveryTests : IDisposable
{
    private static readonly TestProperty Row = TestProperty.Register("MSTest.DynamicData", "Data", typeof(string[]), typeof(TestCase));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void All_rows_of_a_kept_class_are_kept_also_those_that_are_one_test_of_the_platform()
    {
        File.WriteAllText(Path.Combine(_folder.Path, "MSTest.TestAdapter.dll"), "ActualData");
        var assembly = Catalogs.Assembly() with { Path = Path.Combine(_folder.Path, "Shop.Tests.dll"), Framework = TestFramework.MSTest };
        var found = new SessionDiscovery([CaseOf(assembly, "Orders", "Monday"), CaseOf(assembly, "Orders", "Friday"), CaseOf(assembly, "Mail", "Monday")], [], IsAborted: false);

        var kept = found.Only(assembly.Framework, name => name == "Shop.Orders", new HashSet<Guid>());

        var entry = kept.Entries(assembly).ShouldHaveSingleItem();
        (entry.CaseCount, entry.DisplayName).ShouldBe((2, "Ships"));
        entry.RowNames.ShouldBe(["Ships (Monday)", "Ships (Friday)"]);
        found.Only(assembly.Framework, _ => true, new HashSet<Guid> { found.Cases[1].Id }).Cases.ShouldBe([found.Cases[2]], "a secret in any row leaves its class out");
    }

    private static TestCase CaseOf(TestAssembly assembly, string type, string day)
    {
        var test = new TestCase($"Shop.{type}.Ships", new Uri("executor://mstestadapter/v2"), assembly.Path)
        {
            Id = Guid.NewGuid(),
            DisplayName = $"Ships ({day})",
        };
        test.SetPropertyValue(Row, new[] { "System.DayOfWeek, System.Private.CoreLib", day });
        return test;
    }
}
