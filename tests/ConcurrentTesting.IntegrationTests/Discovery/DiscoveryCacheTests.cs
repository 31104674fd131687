using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Discovery;

/// <summary>Tests that are all literals are discovered once, as long as nothing changes; all others each time.</summary>
public sealed class DiscoveryCacheTests : IDisposable
{
    private const string XUnit = """
        using Xunit;
        namespace Shop;
        public abstract class Contract { [Fact] public void Holds() { } [Theory] [InlineData(1, "a;b")] [InlineData(2, null)] public void Row(int n, string? text) { } }
        [Trait("Kind", "quick")] public class OrderTests : Contract { [Fact(Skip = "later")] public void Waits() { } }
        """;

    private const string NUnit = """
        using NUnit.Framework;
        namespace Shop;
        [TestFixture("x")] [Category("quick")] public class OrderTests(string text) { [Test, Explicit] public void Asked() { } [TestCase(1, TestName = "One")] [TestCase(2)] public void Row(int n) => Assert.That(text, Is.Not.Null); }
        """;

    private const string MSTest = """
        using Microsoft.VisualStudio.TestTools.UnitTesting;
        namespace Shop;
        [TestClass] public class OrderTests { [TestMethod, TestCategory("quick")] public void Holds() { } [TestMethod] [DataRow(1)] [DataRow(2, DisplayName = "two")] public void Row(int n) { } }
        """;

    private readonly TestRepository _repository = new();
    private readonly Dictionary<string, string> _variables = [];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Folder => _repository.In(".temp/discovered-tests");

    public void Dispose() => _repository.Dispose();

    [Theory]
    [InlineData("XUnit2", XUnit)]
    [InlineData("XUnit3", XUnit)]
    [InlineData("NUnit", NUnit)]
    [InlineData("MSTest", MSTest)]
    public async Task Literal_tests_are_found_again_without_a_test_host_and_are_the_same(string framework, string code)
    {
        var project = _repository.AddSuite("Shop.Tests", framework, code);

        var first = await DiscoverAsync(project);
        var second = await DiscoverAsync(project, noBuild: true);

        first.Hosts.ShouldBe(1, _repository.Log.Text);
        second.Hosts.ShouldBe(0, _repository.Log.Text);
        Described(second.Catalog).ShouldBe(Described(first.Catalog));
        Described(first.Catalog).ShouldNotBeEmpty();
    }

    [Fact]
    public async Task Every_change_of_what_tests_depend_on_means_a_discovery()
    {
        var project = _repository.AddSuite("Shop.Tests", "XUnit2", XUnit);
        var output = Path.GetDirectoryName((await DiscoverAsync(project)).Catalog.Assemblies[0].Path)!;

        foreach (var file in (string[])["Shop.Tests.dll", "xunit.core.dll", "xunit.runner.visualstudio.testadapter.dll", "Shop.Tests.runtimeconfig.json", "Shop.Tests.pdb"])
        {
            var path = Path.Combine(output, file);
            var content = await File.ReadAllBytesAsync(path, Cancellation);
            // Still what it is to whoever reads it.
            await File.WriteAllBytesAsync(path, file.EndsWith("json", StringComparison.Ordinal) ? [.. content, (byte)' '] : [.. content, 0], Cancellation);
            (await DiscoverAsync(project, noBuild: true)).Hosts.ShouldBe(1, file);
            await File.WriteAllBytesAsync(path, content, Cancellation);
            (await DiscoverAsync(project, noBuild: true)).Hosts.ShouldBe(1, $"{file}, put back");
            (await DiscoverAsync(project, noBuild: true)).Hosts.ShouldBe(0, $"{file}, as it was");
        }

        await File.WriteAllTextAsync(Path.Combine(output, "xunit.runner.json"), """{ "methodDisplay": "method" }""", Cancellation);
        var renamed = await DiscoverAsync(project, noBuild: true);
        renamed.Hosts.ShouldBe(1, "a configuration");
        Described(renamed.Catalog).ShouldContain(line => line.StartsWith("Holds|", StringComparison.Ordinal));
        File.SetLastWriteTimeUtc(Path.Combine(output, "Shop.Tests.dll"), DateTime.UtcNow.AddDays(-1));
        (await DiscoverAsync(project, noBuild: true)).Hosts.ShouldBe(0, "the same content, written at another time");
        (await DiscoverAsync(project, noBuild: true, filter: "Kind=quick")).Hosts.ShouldBe(1, "asked with more properties");
        (await DiscoverAsync(project, noBuild: true, mode: TestBuildMode.Always)).Hosts.ShouldBe(1, "nothing is to be kept");
        _variables["CI"] = "true";
        (await DiscoverAsync(project, noBuild: true)).Hosts.ShouldBe(1, "on a CI host");
    }

    [Theory]
    [InlineData("[MemberData(nameof(Rows))]")]
    [InlineData("[ClassData(typeof(MadeRows))]")]
    [InlineData("[Drawn]")]
    public async Task Rows_that_code_makes_are_discovered_each_time(string rows)
    {
        var project = _repository.AddSuite("Shop.Tests", "XUnit2", $$"""
            using Xunit;
            namespace Shop;
            public class MadeRows : List<object[]> { public MadeRows() { Add(new object[] { File.ReadAllText("{{_repository.Write("row.txt", "first")}}") }); } }
            public class DrawnAttribute : Xunit.Sdk.DataAttribute { public override IEnumerable<object[]> GetData(System.Reflection.MethodInfo testMethod) { return new MadeRows(); } }
            public class OrderTests { public static IEnumerable<object[]> Rows { get { return new MadeRows(); } } [Theory] {{rows}} public void Row(string text) { Assert.NotNull(text); } }
            """);

        await DiscoverAsync(project);
        _repository.Write("row.txt", "second");
        var second = await DiscoverAsync(project, noBuild: true);

        second.Hosts.ShouldBe(1, _repository.Log.Text);
        second.Catalog.Units.Single().Entries.Single().DisplayName.ShouldContain("second");
    }

    [Fact]
    public async Task Damaged_and_left_over_files_are_no_discovery()
    {
        var project = _repository.AddSuite("Shop.Tests", "XUnit2", XUnit);
        var first = await DiscoverAsync(project);
        var file = Directory.EnumerateFiles(Folder).Single();
        var content = await File.ReadAllBytesAsync(file, Cancellation);

        foreach (var damaged in (byte[][])[[], [1, 2, 3], content[..^40], [.. content.Select((value, index) => index == content.Length / 2 ? (byte)~value : value)]])
        {
            await File.WriteAllBytesAsync(file, damaged, Cancellation);
            var again = await DiscoverAsync(project, noBuild: true);
            again.Hosts.ShouldBe(1, $"{damaged.Length} bytes");
            Named(again.Catalog).ShouldBe(Named(first.Catalog));
        }

        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.SetLastWriteTimeUtc(_repository.Write(".temp/discovered-tests/other.tests.half", "x"), DateTime.UtcNow.AddHours(-2));
        await File.WriteAllBytesAsync(file, [], Cancellation);
        await DiscoverAsync(project, noBuild: true);
        Directory.EnumerateFiles(Folder).ShouldBe([file]);
    }

    [Fact]
    public async Task Classes_of_literals_are_expected_of_an_assembly_that_has_others_and_is_discovered()
    {
        var project = _repository.AddSuite("Shop.Tests", "XUnit2", XUnit + """
            public class MadeTests { public static IEnumerable<object[]> Rows => [[1]]; [Theory] [MemberData(nameof(Rows))] public void Made(int n) => Assert.Equal(1, n); }
            public class SecretTests { [Theory] [InlineData("Server=db;Password='a;b'")] public void Hides(string text) => Assert.NotNull(text); }
            """);
        var first = await DiscoverAsync(project);
        var watch = new Expectations();

        var second = await DiscoverAsync(project, noBuild: true, watch: watch);

        second.Hosts.ShouldBe(1, _repository.Log.Text);
        Named(second.Catalog).ShouldBe(Named(first.Catalog));
        var expected = watch.Expected.ShouldNotBeNull();
        expected.Units.Select(unit => unit.Name).ShouldBe(["Shop.OrderTests"]);
        expected.Units.Single().Entries.ShouldBe(first.Catalog.Units.Single(unit => unit.Name == "Shop.OrderTests").Entries, ignoreOrder: true);
        expected.Discovered.Values.ShouldBe([first.Catalog.CaseCount]);
        watch.IsDiscoveredLater.ShouldBeTrue();
    }

    [Fact]
    public async Task What_is_kept_is_bounded()
    {
        var project = _repository.AddSuite("Shop.Tests", "XUnit2", XUnit);

        await DiscoverAsync(project, mostBytes: 10);

        Directory.EnumerateFiles(Folder).ShouldBeEmpty();
    }

    private static IEnumerable<string> Named(TestCatalog catalog) => catalog.Units.SelectMany(unit => unit.Entries).Select(entry => $"{entry.DisplayName}|{entry.Id}");

    private static ImmutableArray<string> Described(TestCatalog catalog) =>
    [
        .. catalog.Units.SelectMany(unit => unit.Entries).Concat(catalog.Explicit).Select(entry =>
            $"{entry.DisplayName}|{entry.FullyQualifiedName}|{entry.Id}|{entry.ClassName}|{entry.MethodName}|{entry.CaseCount}|{entry.HasKnownRows}|{entry.IsExplicit}|{entry.SourceFile}|{entry.Line}|"
            + string.Join(',', CasesPayload.Of([entry]).SelectMany(test => test.Properties.Where(property => property.Id != "NUnit.Seed").OrderBy(property => property.Id, StringComparer.Ordinal)
                .Select(property => $"{property.Id}={test.GetPropertyValue(property)}")))),
    ];

    private async Task<(TestCatalog Catalog, int Hosts)> DiscoverAsync(
        string project, bool noBuild = false, string? filter = null, TestBuildMode mode = TestBuildMode.Auto, long mostBytes = 64 << 20,
        IDiscoveryWatch? watch = null)
    {
        var settings = _repository.Settings with { TestProjects = [project], Build = noBuild && mode == TestBuildMode.Auto ? TestBuildMode.Never : mode, Filter = filter };
        var before = Started();
        await using var cache = new DiscoveryCache(settings, VsTestLocation.FindDotNet(), name => _variables.GetValueOrDefault(name), _repository.Log) { MostBytes = mostBytes };
        var catalog = await _repository.DiscoverAsync(_ => settings, cache: cache, watch: watch);
        await cache.Kept;
        return (catalog, Started() - before);
    }

    private int Started() => _repository.Log.Text.Split("Started test host").Length;

    private sealed class Expectations : IDiscoveryWatch
    {
        public TestCatalog? Expected { get; private set; }

        public bool IsDiscoveredLater { get; private set; }

        public ImmutableArray<TestAssembly> Found(ImmutableArray<TestAssembly> assemblies) => assemblies;

        void IDiscoveryWatch.Expected(TestAssembly assembly, TestCatalog part) => Expected = part;

        public void Discovered(TestAssembly assembly, TestCatalog part) => IsDiscoveredLater = Expected is not null;
    }
}
