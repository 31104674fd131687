using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Scheduling;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Scheduling;

/// <summary>Which tests run where there is time for some only.</summary>
public sealed class TestBudgetTests
{
    private static readonly TestAssembly Shop = Catalogs.Assembly();
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 9, 0, 0, TimeSpan.Zero);

    private readonly TestCatalog _catalog = Catalogs.Of([.. Enumerable.Range(0, 6).Select(index => Catalogs.Unit(Shop, $"Class{index}", 1))]);
    private readonly TimingStore _timings = TimingStore.Empty;

    public TestBudgetTests()
    {
        for (var index = 0; index < 6; index++)
            Ran(index, Monday.AddDays(-index));
        _timings.LearnContent(Shop, "content", Monday.AddDays(-30));
    }

    [Fact]
    public void What_has_not_run_for_longest_runs_first_as_far_as_it_fits() => Chosen(3).ShouldBe(["Class3", "Class4", "Class5"]);

    [Fact]
    public void What_failed_last_comes_before_everything()
    {
        Ran(0, Monday, TestOutcome.Failed);

        Chosen(1).ShouldBe(["Class0"]);
        Chosen(2).ShouldBe(["Class0", "Class5"]);
    }

    [Fact]
    public void What_is_new_comes_before_what_is_known()
    {
        var catalog = _catalog with { Units = [.. _catalog.Units, Catalogs.Unit(Shop, "Fresh", 1)] };

        Classes(Choose(catalog, 2)).ShouldBe(["Class5", "Fresh"]);
    }

    [Fact]
    public void What_has_not_run_since_its_assembly_changed_comes_before_what_has()
    {
        _timings.LearnContent(Shop, "other content", Monday.AddHours(-36));

        // Classes 2 to 5 have not run since then; nothing says so of an assembly that changed only now.
        Classes(Choose(_catalog, 4, content: "other content")).ShouldBe(["Class2", "Class3", "Class4", "Class5"]);
        var other = Catalogs.Assembly("Other.Tests");
        var late = Catalogs.Unit(other, "Late", 1);
        _timings.Learn(Catalogs.Of(late), [Result(late.Entries[0], Monday.AddDays(1), TestOutcome.Passed)], complete: false);
        Classes(TestBudget.Choose(_catalog with { Units = [.. _catalog.Units, late] }, _timings, 1, 1, 0, assembly => assembly == other ? "new" : "other content")).Length.ShouldBe(1);
        Classes(TestBudget.Choose(Catalogs.Of(_catalog.Units[0], late), _timings, 1, 1, 0, assembly => assembly == other ? "new" : "other content")).ShouldBe(["Late"]);
    }

    [Fact]
    public void Workers_run_side_by_side_and_their_hosts_take_time_too()
    {
        Classes(Choose(_catalog, 2, workers: 2)).Length.ShouldBe(4);
        Classes(Choose(_catalog, 2, workers: 2, host: 1)).Length.ShouldBe(2);
    }

    [Fact]
    public void One_test_runs_at_least() => Chosen(0.1).ShouldBe(["Class5"]);

    [Fact]
    public void Tests_that_may_need_each_other_are_taken_together()
    {
        var unit = Catalogs.Unit(Shop, "Ordered", 3);
        _timings.Learn(Catalogs.Of(unit), unit.Entries.Select(entry => Result(entry, Monday.AddDays(-20), TestOutcome.Passed)), complete: false);

        foreach (var held in new[] { unit with { Ties = [new Tie("Ordered", "[Order]")] }, unit with { OneProcess = "the static field _count" } })
        {
            var catalog = _catalog with { Units = [.. _catalog.Units, held] };
            Choose(catalog, 3).Units.ShouldHaveSingleItem().Entries.Length.ShouldBe(3);
            Classes(Choose(_catalog with { Units = [_catalog.Units[5], held] }, 2)).Length.ShouldBe(1);
        }

        Choose(_catalog with { Units = [.. _catalog.Units, unit] }, 2).Units.ShouldHaveSingleItem().Entries.Length.ShouldBe(2);
    }

    [Fact]
    public async Task When_a_test_ran_and_what_its_assembly_is_made_of_outlives_the_run()
    {
        var file = Path.Combine(Path.GetTempPath(), $"timings-{Guid.NewGuid():N}.json");
        try
        {
            await _timings.SaveAsync(file, new Redactor(), TestContext.Current.CancellationToken);
            var read = await TimingStore.LoadAsync(file, message => throw new InvalidOperationException(message), TestContext.Current.CancellationToken);

            read.Find(_catalog.Units[2].Entries[0])!.LastRun.ShouldBe(Monday.AddDays(-2));
            read.Of(Shop).ShouldBe(_timings.Of(Shop));
            read.IsChangedSince(_catalog.Units[2].Entries[0], "content").ShouldBeFalse();
            read.IsChangedSince(_catalog.Units[2].Entries[0], "other content").ShouldBeTrue();
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void An_assembly_is_told_by_what_it_and_other_projects_beside_it_are_made_of()
    {
        var folder = Directory.CreateTempSubdirectory("content-").FullName;
        try
        {
            var assembly = Copy(typeof(TestBudgetTests), folder, "Shop.Tests.dll");
            var alone = AssemblyContent.Of(assembly);
            alone.ShouldNotBeNull();
            Copy(typeof(TestBudget), folder, "Package.dll");
            AssemblyContent.Of(assembly).ShouldBe(alone, "a package has no symbols beside it");
            File.WriteAllText(Path.Combine(folder, "Package.pdb"), "");
            AssemblyContent.Of(assembly).ShouldNotBe(alone);
            AssemblyContent.Of(Path.Combine(folder, "missing", "Shop.Tests.dll")).ShouldBeNull();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Copy(Type type, string folder, string name)
    {
        var copy = Path.Combine(folder, name);
        File.Copy(type.Assembly.Location, copy);
        return copy;
    }

    private string[] Chosen(double seconds) => Classes(Choose(_catalog, seconds));

    private TestCatalog Choose(TestCatalog catalog, double seconds, int workers = 1, double host = 0, string content = "content") =>
        TestBudget.Choose(catalog, _timings, workers, seconds, host, _ => content);

    private static string[] Classes(TestCatalog catalog) => [.. catalog.Units.Select(unit => unit.Name).Order(StringComparer.Ordinal)];

    private void Ran(int index, DateTimeOffset at, TestOutcome outcome = TestOutcome.Passed) =>
        _timings.Learn(_catalog, [Result(_catalog.Units[index].Entries[0], at, outcome)], complete: false);

    private static TestRecord Result(TestEntry entry, DateTimeOffset at, TestOutcome outcome) => new()
    {
        Id = entry.Key,
        Assembly = entry.Assembly,
        CaseId = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = entry.MethodName,
        Attempts = [new TestAttempt { Outcome = outcome, Worker = 0, Batch = 1, Number = 1, StartedAt = at, Duration = TimeSpan.FromSeconds(1) }],
    };
}
