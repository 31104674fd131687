using System.Diagnostics;
using System.Text;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>What is discovered in real assemblies of each framework, through the real VSTest.</summary>
public sealed class DiscovererTests(BuiltSuites suites)
{
    private static readonly string[] Frameworks = ["XUnit2", "XUnit3", "NUnit", "MSTest"];

    [Fact]
    public async Task Each_framework_is_recognized_with_its_project()
    {
        var catalog = await suites.CatalogAsync();

        catalog.Assemblies.Select(assembly => assembly.Framework)
            .ShouldBe([TestFramework.XUnit2, TestFramework.XUnit3, TestFramework.NUnit, TestFramework.MSTest], ignoreOrder: true);
        catalog.Assemblies.ShouldAllBe(assembly => assembly.TargetFramework == "net10.0");
        catalog.Assemblies.ShouldAllBe(assembly => assembly.ProjectFile == suites.Repository.In($"{assembly.Name}/{assembly.Name}.csproj"));
    }

    [Theory]
    [InlineData("XUnit2", "Suites.Plain+Nested", "Inner")]
    [InlineData("XUnit2", "Suites.OfInt", "Inherited")]
    [InlineData("XUnit2", "Suites.Plain", "Rows")]
    [InlineData("XUnit3", "Suites.Plain+Nested", "Inner")]
    [InlineData("XUnit3", "Suites.OfText", "Inherited")]
    [InlineData("XUnit3", "Suites.Plain", "Rows")]
    [InlineData("NUnit", "Suites.Plain+Nested", "Inner")]
    [InlineData("NUnit", "Suites.FirstDerived", "Inherited")]
    [InlineData("NUnit", "Suites.Parameterized(2)", "Holds")]
    [InlineData("NUnit", "Suites.Generic<Int32>", "Holds")]
    [InlineData("NUnit", "Suites.Plain", "Named")]
    [InlineData("MSTest", "Suites.Plain+Nested", "Inner")]
    [InlineData("MSTest", "Suites.OfInt", "Inherited")]
    [InlineData("MSTest", "Suites.Plain", "SameRows")]
    public async Task A_test_knows_its_class_and_method(string framework, string className, string method) =>
        (await suites.EntriesAsync(framework)).ShouldContain(entry => entry.ClassName == className && entry.MethodName == method);

    [Fact]
    public async Task Tests_know_their_file_and_line()
    {
        foreach (var framework in Frameworks)
        {
            var passes = (await suites.EntriesAsync(framework)).Single(entry => entry is { ClassName: "Suites.Plain", MethodName: "Passes" });

            passes.SourceFile.ShouldBe(suites.Repository.In($"{framework}.Suite/Tests.cs"));
            // The attribute's line, the method's or that of its opening brace.
            File.ReadAllLines(passes.SourceFile!)[(passes.Line!.Value - 2)..(passes.Line.Value + 1)]
                .ShouldContain(line => line.Contains("void Passes", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task Cases_of_one_name_share_an_entry_in_NUnit()
    {
        var rows = (await suites.EntriesAsync("NUnit")).Where(entry => entry is { ClassName: "Suites.Plain", MethodName: "Rows" }).ToList();

        rows.Select(entry => entry.CaseCount).Order().ShouldBe([1, 2]);
        CasesPayload.Of([rows.Single(entry => entry.CaseCount == 2)]).ShouldAllBe(test => test.DisplayName == "Rows(2)");
    }

    [Fact]
    public async Task Random_rows_are_the_same_in_every_discovery()
    {
        var first = (await suites.EntriesAsync("NUnit")).Where(entry => entry.MethodName == "Random").Select(entry => entry.DisplayName);

        var again = await suites.Repository.DiscoverAsync(settings => settings with { TestProjects = ["NUnit.Suite/NUnit.Suite.csproj"], NoBuild = true });

        again.Units.SelectMany(unit => unit.Entries).Where(entry => entry.MethodName == "Random").Select(entry => entry.DisplayName).ShouldBe(first);
    }

    [Fact]
    public async Task Statically_skipped_tests_stay()
    {
        foreach (var framework in Frameworks)
            (await suites.EntriesAsync(framework)).ShouldContain(entry => entry.MethodName == "Skipped");
    }

    [Theory]
    [InlineData("XUnit2", "Suites.FirstInCollection", "collection database")]
    [InlineData("XUnit2", "Suites.SecondInCollection", "collection database")]
    [InlineData("XUnit2", "Suites.Plain", "Suites.Plain")]
    [InlineData("XUnit2", "Suites.Plain+Nested", "Suites.Plain+Nested")]
    [InlineData("XUnit3", "Suites.FirstInCollection", "collection database")]
    [InlineData("XUnit3", "Suites.SecondInCollection", "collection database")]
    [InlineData("XUnit3", "Suites.FirstByType", "collection Suites.TypedCollection")]
    [InlineData("XUnit3", "Suites.SecondByType", "collection Suites.TypedCollection")]
    [InlineData("NUnit", "Suites.Plain", "Suites.Plain")]
    [InlineData("NUnit", "Suites.Parameterized(1)", "Suites.Parameterized(1)")]
    [InlineData("NUnit", "Suites.Prepared.Direct", "namespace Suites.Prepared")]
    [InlineData("NUnit", "Suites.Prepared.Below.Deeper", "namespace Suites.Prepared")]
    [InlineData("NUnit", "Suites.PreparedNot.Beside", "Suites.PreparedNot.Beside")]
    [InlineData("NUnit", "Suites.Ordered.Earlier", "ordered fixtures of Suites.Ordered")]
    [InlineData("NUnit", "Suites.Ordered.Later", "ordered fixtures of Suites.Ordered")]
    [InlineData("NUnit", "Suites.Ordered.Whenever", "Suites.Ordered.Whenever")]
    [InlineData("MSTest", "Suites.Plain", "Suites.Plain")]
    public async Task Without_databases_tests_that_share_a_set_up_share_a_unit(string framework, string className, string unit) =>
        (await UnitNamesAsync(framework, className, DatabaseEngine.None)).ShouldBe([unit]);

    [Theory]
    [InlineData("XUnit2", "Suites.FirstInCollection", "Suites.FirstInCollection")]
    [InlineData("XUnit3", "Suites.FirstByType", "Suites.FirstByType")]
    [InlineData("XUnit3", "Suites.FirstTogether", "collection kept")]
    [InlineData("XUnit2", "Suites.FirstTogether", "collection kept")]
    [InlineData("XUnit2", "Suites.MarkedFirst", "classes marked Together:Pair")]
    [InlineData("XUnit2", "Suites.MarkedSecond", "classes marked Together:Pair")]
    [InlineData("NUnit", "Suites.Prepared.Below.Deeper", "Suites.Prepared.Below.Deeper")]
    [InlineData("NUnit", "Suites.Ordered.Earlier", "ordered fixtures of Suites.Ordered")]
    [InlineData("NUnit", "Suites.MarkedFirst", "classes marked Together:Pair")]
    [InlineData("NUnit", "Suites.MarkedSecond", "classes marked Together:Pair")]
    [InlineData("MSTest", "Suites.MarkedFirst", "classes marked Together:Pair")]
    [InlineData("MSTest", "Suites.MarkedSecond", "classes marked Together:Pair")]
    public async Task With_databases_only_an_order_or_the_user_keeps_classes_together(string framework, string className, string unit) =>
        (await UnitNamesAsync(framework, className, DatabaseEngine.Sqlite)).ShouldBe([unit]);

    [Theory]
    [InlineData("XUnit2", "Suites.FirstInCollection", "collection database", false)]
    [InlineData("XUnit3", "Suites.FirstByType", "collection Suites.TypedCollection", false)]
    [InlineData("XUnit3", "Suites.Plain", "assembly fixtures", false)]
    [InlineData("XUnit2", "Suites.FirstTogether", "collection kept", true)]
    [InlineData("NUnit", "Suites.Prepared.Below.Deeper", "namespace Suites.Prepared", false)]
    [InlineData("NUnit", "Suites.MarkedFirst", "what [NonParallelizable] marks", true)]
    [InlineData("MSTest", "Suites.MarkedFirst", "what [DoNotParallelize] marks", true)]
    [InlineData("MSTest", "Suites.Plain", "[AssemblyInitialize]", false)]
    public async Task A_class_knows_what_it_shares_and_what_may_guard_more(string framework, string className, string setUp, bool guards)
    {
        var unit = (await suites.UnitsAsync(framework)).Single(candidate => candidate.Name == className);

        (unit.SetUps.Single(shared => shared.Name == setUp).Guard is not null).ShouldBe(guards);
    }

    [Fact]
    public async Task Marks_that_keep_classes_together_are_no_exclusive_groups() =>
        (await suites.CatalogAsync()).Units.SelectMany(unit => unit.Entries).SelectMany(entry => entry.ExclusiveGroups).ShouldBeEmpty();

    private async Task<IEnumerable<string>> UnitNamesAsync(string framework, string className, DatabaseEngine database)
    {
        var settings = suites.Repository.Settings with { Database = database };
        var catalog = UnitGrouping.Apply((await suites.CatalogAsync()) with { Units = await suites.UnitsAsync(framework) }, settings, TimingStore.Empty);
        return catalog.Units.Where(unit => unit.Entries.Any(entry => entry.ClassName == className)).Select(unit => unit.Name);
    }

    [Fact]
    public async Task Units_of_an_assembly_have_names_of_their_own()
    {
        var catalog = await suites.CatalogAsync();

        catalog.Units.Select(unit => unit.Key).ShouldBeUnique();
    }

    [Fact]
    public async Task Explicit_tests_are_set_apart()
    {
        var catalog = await suites.CatalogAsync();

        catalog.Explicit.Select(entry => $"{entry.Assembly.Name}/{TestNames.Full(entry.ClassName, entry.DisplayName)}").ShouldBe(
            [
                "XUnit3.Suite/Suites.Explicits.OnRequest",
                "XUnit3.Suite/Suites.Explicits.Mixed(row: 1)",
                "NUnit.Suite/Suites.Explicits.OnRequest",
                "NUnit.Suite/Suites.Explicits.Rows(1)",
                "NUnit.Suite/Suites.ExplicitFixture.One",
                "NUnit.Suite/Suites.ExplicitFixture.Two",
            ],
            ignoreOrder: true);
        catalog.Explicit.ShouldAllBe(entry => entry.IsExplicit);
        catalog.Units.SelectMany(unit => unit.Entries).ShouldNotContain(entry => entry.IsExplicit);
    }

    [Theory]
    [InlineData("on", 11, 0)]
    [InlineData("only", 2, 9)]
    public async Task Explicit_tests_of_xunit_follow_the_run_settings(string mode, int run, int notExecuted)
    {
        await suites.CatalogAsync();
        var file = suites.Repository.Write($"{mode}.runsettings", $"<RunSettings><xUnit><Explicit>{mode}</Explicit></xUnit></RunSettings>");

        var catalog = await suites.Repository.DiscoverAsync(settings => settings with
        {
            TestProjects = ["XUnit3.Suite/XUnit3.Suite.csproj"],
            NoBuild = true,
            RunSettingsFile = file,
            Filter = "FullyQualifiedName~Explicits|FullyQualifiedName~Plain",
        });

        (catalog.CaseCount, catalog.Explicit.Length).ShouldBe((run, notExecuted));
    }

    [Fact]
    public async Task Phases_are_announced()
    {
        await suites.CatalogAsync();

        suites.Repository.Incidents.Phases.Take(2).ShouldBe(["build", "discovery"]);
    }

    [Fact]
    public async Task A_found_project_that_MSBuild_cannot_evaluate_is_a_problem_and_one_that_has_no_tests_is_none()
    {
        using var repository = new TestRepository();
        repository.Write("BrokenTests/BrokenTests.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\">\n<<<<<<< HEAD\n</Project>");
        repository.Write("ImportTests/ImportTests.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><Import Project=\"missing.props\" /></Project>");
        repository.Write("Plain/Plain.csproj", "<Project><PropertyGroup><Some>thing</Some></PropertyGroup></Project>");
        repository.Write("Library/Library.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\" />");
        repository.Write("Phone/Phone.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\"><Import Project=\"missing.props\" /></Project>");

        var failure = await repository.FailureOfAsync(settings => settings with { TestProjects = ["."], NoBuild = true });

        failure.ExitCode.ShouldBe(ConcurrentTestExitCode.Incomplete);
        var lines = failure.Message.Split('\n');
        lines.Length.ShouldBe(2, failure.Message);
        lines[0].ShouldContain("BrokenTests.csproj cannot be evaluated by MSBuild: ");
        lines[0].ShouldContain("error MSB4025");
        lines[0].ShouldContain("'!BrokenTests/BrokenTests.csproj'");
        lines[1].ShouldContain("error MSB4019");
        repository.Log.Text.ShouldContain("Plain.csproj does not import the common MSBuild targets. It is left out.");
        repository.Log.Text.ShouldContain("Phone.csproj cannot be evaluated by MSBuild: ");
        repository.Log.Text.ShouldContain("neither its name nor its text speaks of tests");

        // What MSBuild says of one project is nothing against the others.
        (await repository.FailureOfAsync(settings => settings with { TestProjects = [".", "!BrokenTests", "!ImportTests"], NoBuild = true }))
            .Message.ShouldStartWith("No test project was found");
    }

    [Fact]
    public async Task A_found_project_that_was_not_restored_and_may_hold_tests_is_a_problem_where_nothing_is_built()
    {
        using var repository = new TestRepository();
        repository.AddSuite("Forgotten", "NUnit");
        repository.Write("Library/Library.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\" />");

        var failure = await repository.FailureOfAsync(settings => settings with { TestProjects = ["."], NoBuild = true });

        failure.Message.ShouldContain("Forgotten.csproj is not restored");
        failure.Message.ShouldNotContain("Library");
    }

    [Theory]
    [InlineData(TestHostMode.Direct)]
    [InlineData(TestHostMode.Console)]
    public async Task Discovery_that_never_ends_is_a_problem_of_its_assembly(TestHostMode host)
    {
        using var repository = new TestRepository();
        repository.AddSuite("Waiting", "NUnit", """
            using NUnit.Framework; namespace Waiting;
            public class Waits
            {
                static IEnumerable<int> Rows { get { Thread.Sleep(Timeout.Infinite); yield return 1; } }
                [TestCaseSource(nameof(Rows))] public void Holds(int row) { }
            }
            """);
        await repository.DotNetAsync("build", "Waiting", "--nologo", "--verbosity", "quiet");

        var exception = await Should.ThrowAsync<ConcurrentTestException>(() => repository.DiscoverAsync(
            settings => settings with { TestProjects = ["Waiting"], NoBuild = true, TestHost = host }, TimeSpan.FromSeconds(4)));

        exception.Message.ShouldContain("Waiting (net10.0): its tests were not discovered within 4 s");
    }

    [Theory]
    [InlineData(TestHostMode.Auto)]
    [InlineData(TestHostMode.Console)]
    public async Task An_error_that_an_adapter_tells_beside_the_tests_that_it_finds_is_heard(TestHostMode host)
    {
        using var repository = new TestRepository();
        repository.AddProject("Complaining.TestAdapter", """
            using Microsoft.VisualStudio.TestPlatform.ObjectModel; using Microsoft.VisualStudio.TestPlatform.ObjectModel.Adapter;
            using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging; namespace Complaining;
            [FileExtension(".dll"), DefaultExecutorUri("executor://complaining")]
            public sealed class Discoverer : ITestDiscoverer
            {
                public void DiscoverTests(IEnumerable<string> sources, IDiscoveryContext context, IMessageLogger logger, ITestCaseDiscoverySink sink) =>
                    logger.SendMessage(TestMessageLevel.Error, "It cannot look for its tests.");
            }
            """, "", TestRepository.Packages("Microsoft.TestPlatform.ObjectModel"));
        repository.AddSuite(
            "Hidden", "XUnit2", "namespace Hidden; public class Tests { [Xunit.Fact] public void Is_found() { } }",
            packages: TestRepository.Packages("XUnit2") + """<ProjectReference Include="../Complaining.TestAdapter/Complaining.TestAdapter.csproj" />""");
        await repository.DotNetAsync("build", "Hidden", "--nologo", "--verbosity", "quiet");

        var catalog = await repository.DiscoverAsync(settings => settings with { TestProjects = ["Hidden"], NoBuild = true, TestHost = host });

        catalog.CaseCount.ShouldBe(1);
        repository.ToldErrors.ShouldHaveSingleItem().ShouldBe("Hidden (net10.0): It cannot look for its tests.");
    }

    [Fact]
    public async Task Twenty_two_thousand_cases_are_discovered_in_seconds()
    {
        using var repository = new TestRepository();
        var code = new StringBuilder("using NUnit.Framework; namespace Large;");
        for (var number = 0; number < 220; number++)
            code.Append($"public class Class{number} {{ static IEnumerable<int> Rows => Enumerable.Range(0, 100); [TestCaseSource(nameof(Rows))] public void Holds(int row) {{ }} }}\n");
        repository.AddSuite("Large", "NUnit", code.ToString());
        await repository.DotNetAsync("build", "Large", "--nologo", "--verbosity", "quiet");
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var watch = Stopwatch.StartNew();
        var catalog = await repository.DiscoverAsync(settings => settings with { TestProjects = ["Large"], NoBuild = true });
        watch.Stop();

        catalog.CaseCount.ShouldBe(22_000);
        catalog.Units.Length.ShouldBe(220);
        // About three seconds where nothing else runs.
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(60));
        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(150 << 20);
        GC.KeepAlive(catalog);
    }
}
