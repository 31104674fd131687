using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Xml.Linq;

namespace ConcurrentTesting.Benchmarks.Start;

/// <summary>A suite in a folder of its own, built.</summary>
internal sealed class StartSuite : IDisposable
{
    private const int Classes = 20;
    private const int Rows = 10;

    private static readonly Dictionary<string, string[]> Packages = new()
    {
        ["XUnit2"] = ["Microsoft.NET.Test.Sdk", "xunit", "xunit.runner.visualstudio"],
        ["XUnit3"] = ["Microsoft.NET.Test.Sdk", "xunit.v3.mtp-off", "xunit.runner.visualstudio"],
        ["NUnit"] = ["Microsoft.NET.Test.Sdk", "NUnit", "NUnit3TestAdapter"],
        ["MSTest"] = ["Microsoft.NET.Test.Sdk", "MSTest.TestFramework", "MSTest.TestAdapter"],
    };

    private StartSuite() => Folder = Directory.CreateTempSubdirectory("start-").FullName;

    public static string Root { get; } = FindRoot();

    public string Folder { get; }

    public string Project => Path.Combine(Folder, "Suite", "Suite.csproj");

    public string Schema => Path.Combine(Folder, "schema.sql");

    public static async Task<StartSuite> BuildAsync(StartScenario scenario)
    {
        var suite = new StartSuite();
        Directory.CreateDirectory(Path.Combine(suite.Folder, ".nuke"));
        Directory.CreateDirectory(Path.GetDirectoryName(suite.Project)!);
        await File.WriteAllTextAsync(suite.Project, ProjectOf(scenario.Framework));
        await File.WriteAllTextAsync(Path.Combine(suite.Folder, "Suite", "Tests.cs"), SourceOf(scenario));
        await File.WriteAllTextAsync(suite.Schema, "CREATE TABLE book (id int PRIMARY KEY, title varchar(100));");
        var start = new ProcessStartInfo("dotnet", ["build", suite.Project, "--nologo", "-v", "q"]) { RedirectStandardOutput = true, WorkingDirectory = suite.Folder };
        using var build = Process.Start(start)!;
        var output = await build.StandardOutput.ReadToEndAsync();
        await build.WaitForExitAsync();
        return build.ExitCode == 0 ? suite : throw new InvalidOperationException($"{scenario.Name} does not build: {output}");
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static string ProjectOf(string framework)
    {
        var versions = XDocument.Load(Path.Combine(Root, "Directory.Packages.props")).Descendants("PackageVersion")
            .ToDictionary(package => (string)package.Attribute("Include")!, package => (string)package.Attribute("Version")!);
        var packages = string.Concat(Packages[framework].Select(name => $"""<PackageReference Include="{name}" Version="{versions[name]}" />"""));
        var program = framework == "XUnit3" ? "<OutputType>Exe</OutputType>" : "";
        return $"""<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework>{program}</PropertyGroup><ItemGroup>{packages}</ItemGroup></Project>""";
    }

    private static string SourceOf(StartScenario scenario)
    {
        var (header, onClass, onRows, row) = scenario.Framework switch
        {
            "NUnit" => ("using NUnit.Framework;", "", "", "TestCase"),
            "MSTest" => ("using Microsoft.VisualStudio.TestTools.UnitTesting;", "[TestClass] ", "[TestMethod] ", "DataRow"),
            _ => ("using Xunit;", "", "[Theory] ", "InlineData"),
        };
        var source = new StringBuilder(header).AppendLine().AppendLine("namespace Generated;");
        for (var number = 0; number < Classes; number++)
        {
            source.Append(CultureInfo.InvariantCulture, $"{onClass}public class Class{number:000} {{ {onRows}");
            for (var index = 0; index < Rows; index++)
                source.Append(CultureInfo.InvariantCulture, $"[{row}({index})]");

            // One class is longer than the others, as in most suites.
            source.Append(CultureInfo.InvariantCulture, $" public void Row(int n) => System.Threading.Thread.Sleep({(number == 0 ? 60 : 20)} + (n & 1)); }}").AppendLine();
        }

        return source.Append(scenario.More).ToString();
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Nuke.Plugin.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The benchmark is not in its checkout.");
        return folder.FullName;
    }
}
