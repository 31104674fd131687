using System.Globalization;
using System.Xml.Linq;
using ConcurrentTesting.IntegrationTests.Discovery;
using ConcurrentTesting.IntegrationTests.Samples;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

[assembly: AssemblyFixture(typeof(CoveredSuites))]

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>
/// One suite in each framework over one library, each of which reaches lines that no other one reaches; built once. The suites have coverlet's collector.
/// </summary>
public sealed class CoveredSuites : IDisposable
{
    public static readonly string[] Frameworks = ["XUnit2", "XUnit3", "NUnit", "MSTest"];

    private readonly Lazy<Task> _built;

    public CoveredSuites() => _built = new Lazy<Task>(BuildAsync);

    internal TestRepository Repository { get; } = new();

    internal Task BuiltAsync() => _built.Value;

    /// <summary>The lines of the library, with whether they were reached, in Cobertura files.</summary>
    internal static SortedDictionary<string, bool> Lines(params IEnumerable<string> files)
    {
        var lines = new SortedDictionary<string, bool>(StringComparer.Ordinal);
        foreach (var type in files.SelectMany(file => XDocument.Load(file).Descendants("class")).Where(type => type.Attribute("filename")!.Value.EndsWith("Library.cs", StringComparison.Ordinal)))
        {
            foreach (var line in type.Element("lines")!.Elements("line"))
            {
                var name = string.Create(CultureInfo.InvariantCulture, $"{(int)line.Attribute("number")!:0000}");
                lines[name] = lines.GetValueOrDefault(name) || (int)line.Attribute("hits")! > 0;
            }
        }

        return lines;
    }

    /// <summary>The coverage files of a serial <c>dotnet test</c>, project by project.</summary>
    internal async Task<IReadOnlyList<string>> SerialAsync(string collector, params string[] frameworks)
    {
        var results = Repository.In($"serial-{Guid.NewGuid():N}");
        foreach (var framework in frameworks)
        {
            var output = await Repository.DotNetAsync("test", $"{framework}.Covered", "--no-build", "--collect", collector, "--results-directory", Path.Combine(results, framework));
            output.ShouldContain("Passed!", customMessage: output);
        }

        return [.. Directory.EnumerateFiles(results, "*cobertura.xml", SearchOption.AllDirectories)];
    }

    /// <summary>A run of suites through the repository's build.</summary>
    internal async Task<SampleOutcome> RunAsync(string[] frameworks, string[] arguments, CancellationToken cancellationToken, params (string Name, string Value)[] variables)
    {
        await BuiltAsync();
        string[] command =
        [
            VsTestLocation.FindDotNet(), Samples.Repository.Build, "ConcurrentTest", "--root", Repository.Path, "--test-no-build", "--workers", "2",
            "--test-database", "sqlite", "--test-template", Samples.Repository.Schema("sqlite"),
            "--test-projects", .. frameworks.Select(framework => Repository.In($"{framework}.Covered/{framework}.Covered.csproj")), .. arguments,
        ];
        using var run = SampleRun.StartIn(Repository.Path, command, variables);
        return await run.EndAsync(cancellationToken);
    }

    /// <summary>One run out of the results of parts.</summary>
    internal async Task<SampleOutcome> MergeAsync(string parts, CancellationToken cancellationToken)
    {
        using var run = SampleRun.StartIn(Repository.Path, [VsTestLocation.FindDotNet(), Samples.Repository.Build, "ConcurrentTestMerge", "--root", Repository.Path, "--test-template", "none", "--test-merge", parts]);
        return await run.EndAsync(cancellationToken);
    }

    public void Dispose() => Repository.Dispose();

    private async Task BuildAsync()
    {
        Repository.Write("Library/Library.csproj", """<Project Sdk="Microsoft.NET.Sdk" />""");
        Repository.Write("Library/Library.cs", Library);
        foreach (var framework in Frameworks)
        {
            var project = Repository.AddSuite($"{framework}.Covered", framework, Suite(framework), packages: TestRepository.Packages(framework, "coverlet.collector"));
            await File.WriteAllTextAsync(project, (await File.ReadAllTextAsync(project)).Replace("</ItemGroup>", """<ProjectReference Include="../Library/Library.csproj" /></ItemGroup>""", StringComparison.Ordinal));
        }

        await Repository.DotNetAsync("new", "sln", "--name", "Covered", "--format", "sln");
        await Repository.DotNetAsync(["sln", "Covered.sln", "add", .. Frameworks.Select(framework => $"{framework}.Covered")]);
        var output = await Repository.DotNetAsync("build", "Covered.sln", "-v", "q", "-nodeReuse:false", "-p:UseSharedCompilation=false");
        output.ShouldContain("0 Error(s)", customMessage: output);
    }

    private static string Library => Shared.Replace("// of each framework", string.Concat(Frameworks.Select(OfOne)), StringComparison.Ordinal);

    private static string OfOne(string framework) => $$"""
        public static string Only{{framework}}()
        {
            var name = "{{framework}}";
            return name;
        }

        """;

    private const string Shared = """
        namespace Covered;

        public static class Library
        {
            public static int Sign(int number)
            {
                if (number > 0)
                    return 1;
                if (number < 0)
                    return -1;
                return 0;
            }

            public static async Task<int> LaterAsync(int number)
            {
                await Task.Yield();
                Func<int, int> twice = value =>
                {
                    var result = value * 2;
                    return result;
                };
                return number > 100
                    ? 100
                    : twice(number);
            }

            public static string Never()
            {
                return "never";
            }
            // of each framework
        }
        """;

    // The two classes run on two workers, and neither reaches all.
    private static string Suite(string framework)
    {
        var (use, type, test) = framework switch
        {
            "NUnit" => ("NUnit.Framework", "", "[Test]"),
            "MSTest" => ("Microsoft.VisualStudio.TestTools.UnitTesting", "[TestClass]", "[TestMethod]"),
            _ => ("Xunit", "", "[Fact]"),
        };
        return $$"""
            using {{use}};
            namespace Suites;

            {{type}} public class First
            {
                {{test}} public void Positive() { if (Covered.Library.Sign(5) != 1) throw new Exception(); }
                {{test}} public void Own() => Covered.Library.Only{{framework}}();
            }

            {{type}} public class Second
            {
                {{test}} public async Task Later() { if (await Covered.Library.LaterAsync(4) != 8) throw new Exception(); }
                {{test}} public void Zero() => Covered.Library.Sign(0);
            }

            {{type}} public class Third
            {
                {{test}} public void Dies()
                {
                    Covered.Library.Sign(-1);
                    if (Environment.GetEnvironmentVariable("COVERED_DIES") == "1")
                        System.Diagnostics.Process.GetCurrentProcess().Kill();
                }
            }
            {{(framework == "XUnit3" ? RowsOfOneCase : "")}}
            """;
    }

    // One case, whose rows are known when it runs, and a clean-up that fails where it is asked to.
    private const string RowsOfOneCase = """
        public sealed class Number(string name)
        {
            public override string ToString() => name;
        }

        public sealed class Cleaned : IDisposable
        {
            public void Dispose()
            {
                if (Environment.GetEnvironmentVariable("COVERED_CLEANUP") == "1")
                    throw new Exception("COVERED_CLEANUP asks for it.");
            }
        }

        public class Rows : IClassFixture<Cleaned>
        {
            public static IEnumerable<object[]> Numbers => [[new Number("One")], [new Number("Two")]];

            [Theory]
            [MemberData(nameof(Numbers))]
            public void Row(Number number) => Assert.NotNull(number);
        }
        """;
}
