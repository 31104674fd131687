using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>The C# of the documentation, as a reader pastes it into the project that NUKE's template makes: without implicit usings.</summary>
public sealed partial class DocumentedSampleTests : IDisposable
{
    private const string Project = """
        <Project Sdk="Microsoft.NET.Sdk">
          <PropertyGroup>
            <TargetFramework>net10.0</TargetFramework>
            <RootNamespace></RootNamespace>
            <NoWarn>CS0649;CS0169;CA1050;CA1822;CA2211;IDE1006</NoWarn>
          </PropertyGroup>
          <ItemGroup>
            <Reference Include="BUILD/*.dll" />
            PACKAGES
          </ItemGroup>
        </Project>
        """;

    // Whose attributes the samples name.
    private static readonly string[] TestFrameworks = ["xunit", "NUnit", "MSTest.TestFramework"];

    private readonly string _folder = Directory.CreateTempSubdirectory("samples-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Every_sample_compiles_in_the_project_of_the_template()
    {
        var samples = Documents().SelectMany(Samples).ToList();
        samples.Count.ShouldBeGreaterThan(6, "the documentation has more samples than were found");
        for (var i = 0; i < samples.Count; i++)
            await File.WriteAllTextAsync(Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"Sample{i}.cs")), InNamespace(samples[i], i), TestContext.Current.CancellationToken);

        if (File.Exists(Path.Combine(Path.GetDirectoryName(TestPaths.ExampleBuild)!, "Nuke.StandIn.dll")))
            File.Copy(Path.Combine(AppContext.BaseDirectory, "assets", "Generators.cs.txt"), Path.Combine(_folder, "Generators.cs"));

        File.Copy(Path.Combine(AppContext.BaseDirectory, "assets", "Testcontainers.cs.txt"), Path.Combine(_folder, "Testcontainers.cs"));

        var output = await BuildAsync();

        output.ShouldContain("Build succeeded", customMessage: output);
    }

    private static IEnumerable<string> Documents() =>
        Directory.EnumerateFiles(Path.Combine(TestPaths.Repository, "docs"), "*.md").Append(Path.Combine(TestPaths.Repository, "README.md")).Order(StringComparer.Ordinal);

    private static IEnumerable<string> Samples(string document) => Fence().Matches(File.ReadAllText(document)).Select(match => match.Groups["code"].Value);

    // A sample of members says in a comment which usings it needs, and belongs into a build that has a target Compile.
    private static string InNamespace(string sample, int number)
    {
        var usings = string.Join('\n', Using().Matches(sample).Select(match => match.Value.Trim()));
        var code = UsingLine().Replace(sample, "");
        var isWhole = sample.Contains("class ", StringComparison.Ordinal);
        var build = isWhole
            ? code
            : $$"""class Build : NukeBuild, IConcurrentTest { Target Compile => _ => _; {{code}} }""";
        return string.Create(CultureInfo.InvariantCulture, $$"""
            {{usings}}
            {{(isWhole ? "" : "using Nuke.Common;\nusing Nuke.ConcurrentTest;")}}
            namespace Sample{{number}}
            {
            {{build}}
            }
            """);
    }

    private async Task<string> BuildAsync()
    {
        var project = Path.Combine(_folder, "_build.csproj");
        var text = Project.Replace("BUILD", Path.GetDirectoryName(TestPaths.ExampleBuild), StringComparison.Ordinal).Replace("PACKAGES", string.Join('\n', TestFrameworks.Select(Reference)), StringComparison.Ordinal);
        await File.WriteAllTextAsync(project, text, TestContext.Current.CancellationToken);
        var start = new ProcessStartInfo("dotnet", ["build", project, "--nologo", "--verbosity", "quiet", "-nodeReuse:false", "-p:UseSharedCompilation=false", "-consoleLoggerParameters:Summary"])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = _folder,
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    private static string Reference(string package)
    {
        var versions = XDocument.Load(Path.Combine(TestPaths.Repository, "Directory.Packages.props")).Descendants("PackageVersion");
        return $"""<PackageReference Include="{package}" Version="{versions.Single(version => (string?)version.Attribute("Include") == package).Attribute("Version")!.Value}" />""";
    }

    [GeneratedRegex(@"^ *```csharp\r?\n(?<code>.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex(@"using [\w.]+;")]
    private static partial Regex Using();

    [GeneratedRegex(@"^(?: *//)?(?: *using [\w.]+;)+\r?\n", RegexOptions.Multiline)]
    private static partial Regex UsingLine();
}
