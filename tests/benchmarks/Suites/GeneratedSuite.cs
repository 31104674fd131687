using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace ConcurrentTesting.Benchmarks.Suites;

/// <summary>A suite in a folder of its own, built.</summary>
internal sealed class GeneratedSuite : IDisposable
{
    private static readonly Dictionary<string, string[]> Packages = new()
    {
        ["XUnit2"] = ["Microsoft.NET.Test.Sdk", "xunit", "xunit.runner.visualstudio"],
        ["XUnit3"] = ["Microsoft.NET.Test.Sdk", "xunit.v3.mtp-off", "xunit.runner.visualstudio"],
        ["NUnit"] = ["Microsoft.NET.Test.Sdk", "NUnit", "NUnit3TestAdapter"],
        ["MSTest"] = ["Microsoft.NET.Test.Sdk", "MSTest.TestFramework", "MSTest.TestAdapter"],
    };

    private const string Schema = "CREATE TABLE visits (number int);";

    private GeneratedSuite() => Folder = Directory.CreateTempSubdirectory("benchmark-").FullName;

    public static string Root { get; } = FindRoot();

    public string Folder { get; }

    /// <summary>The template of its databases.</summary>
    public string Template => Path.Combine(Folder, "schema.sql");

    public string Project => Path.Combine(Folder, "Suite", "Suite.csproj");

    public static async Task<GeneratedSuite> BuildAsync(Scenario scenario)
    {
        var suite = new GeneratedSuite();
        Directory.CreateDirectory(Path.Combine(suite.Folder, ".nuke"));
        Directory.CreateDirectory(Path.GetDirectoryName(suite.Project)!);
        await File.WriteAllTextAsync(suite.Project, ProjectOf(scenario));
        await File.WriteAllTextAsync(Path.Combine(suite.Folder, "Suite", "Tests.cs"), SourceOf(scenario));
        await File.WriteAllTextAsync(suite.Template, Schema);
        var built = await MeasuredCommand.RunAsync(suite.Folder, "build", suite.Project, "--nologo", "-v", "q");
        return built.ExitCode == 0 ? suite : throw new InvalidOperationException($"{scenario.Name} does not build: {built.Output}");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string ProjectOf(Scenario scenario)
    {
        var versions = XDocument.Load(Path.Combine(Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => (string)package.Attribute("Include")!, package => (string)package.Attribute("Version")!);
        IEnumerable<string> drivers = scenario.NeedsDatabase ? ["Npgsql"] : [];
        var packages = string.Concat(Packages[scenario.Framework].Concat(drivers).Select(name => $"""<PackageReference Include="{name}" Version="{versions[name]}" />"""));
        var program = scenario.Framework == "XUnit3" ? "<OutputType>Exe</OutputType>" : "";
        return $"""<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework>{program}</PropertyGroup><ItemGroup>{packages}</ItemGroup></Project>""";
    }

    private static string SourceOf(Scenario scenario)
    {
        var (header, onClass, onRows, row, onTest) = scenario.Framework switch
        {
            "NUnit" => ("using NUnit.Framework;", "", "", "TestCase", "Test"),
            "MSTest" => ("using Microsoft.VisualStudio.TestTools.UnitTesting;", "[TestClass] ", "[TestMethod] ", "DataRow", "TestMethod"),
            _ => ("using Xunit;", "", "[Theory] ", "InlineData", "Fact"),
        };
        var source = new StringBuilder(header).AppendLine().AppendLine(scenario.Source.Length > 0 ? scenario.Source : "namespace Generated;");
        for (var number = 0; number < scenario.Classes; number++)
        {
            source.Append(CultureInfo.InvariantCulture, $"{onClass}public class Class{number:000} {{ {onRows}");
            for (var index = 0; index < scenario.Rows; index++)
                source.Append(CultureInfo.InvariantCulture, $"[{row}({index})]");
            source.Append(CultureInfo.InvariantCulture, $" public void Row(int n) {{ {scenario.Body} }} }}").AppendLine();
        }

        if (scenario.LongTest is { } body)
            source.Append(CultureInfo.InvariantCulture, $"{onClass}public class Long {{ [{onTest}] public void Takes_long() {{ {body} }} }}").AppendLine();
        return source.ToString();
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Nuke.Plugin.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The benchmark is not in its checkout.");
        return folder.FullName;
    }
}
