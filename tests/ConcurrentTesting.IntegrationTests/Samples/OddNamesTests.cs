using System.Text.RegularExpressions;
using System.Xml.Linq;
using ConcurrentTesting.IntegrationTests.Discovery;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>
/// Names of fixtures, rows and tests with every character that means something to somebody on their way, and such that differ from process to process: as in a serial
/// <c>dotnet test</c>, as often.
/// </summary>
public sealed partial class OddNamesTests
{
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("XUnit2", "")]
    [InlineData("XUnit3", "")]
    [InlineData("MSTest", "")]
    [InlineData("NUnit", "NUnit 5.0.0 NUnit3TestAdapter 6.3.1")]
    [InlineData("NUnit", "NUnit 3.14.0 NUnit3TestAdapter 4.6.0")]
    public async Task Odd_names_have_the_results_of_a_serial_run(string framework, string versions)
    {
        using var repository = new TestRepository();
        var code = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "Discovery", "Suites", $"Odd{framework}.cs"), Cancellation);
        var project = repository.AddSuite("Odd", framework, code, packages: versions.Length == 0 ? null : Packages(versions.Split(' ')));
        var built = await repository.DotNetAsync("build", project, "-nologo", "-v", "q");
        var assembly = repository.In("Odd/bin/Debug/net10.0/Odd.dll");
        File.Exists(assembly).ShouldBeTrue(built);
        var serial = await repository.DotNetAsync(
            "test", project, "--no-build", "--settings", Repository.SerialRunSettings, "--logger", "trx;LogFileName=serial.trx", "--results-directory", repository.In("serial"));
        File.Exists(repository.In("serial/serial.trx")).ShouldBeTrue(serial);

        // What is built and run serially serves both.
        foreach (var host in new[] { Hosts.Direct, Hosts.Console })
        {
            using var run = SampleRun.StartIn(
                repository.Path,
                ["dotnet", Repository.Build, "ConcurrentTest", "--root", repository.Path, "--test-no-build", "--test-projects", assembly, "--test-database", "sqlite", "--test-template", Repository.Schema("sqlite"), "--workers", "3", "--test-host", host, "--test-settings", Repository.SerialRunSettings, "--test-seed", "20260302"]);
            var outcome = await run.EndAsync(Cancellation);

            Results(Path.Combine(outcome.Results, "test-results.trx")).ShouldBe(Results(repository.In("serial/serial.trx")), ignoreOrder: true, customMessage: outcome.Output);
            outcome.Tests.ShouldAllBe(test => test.Outcome == "Passed" || test.Outcome == "Failed" && test.ClassName == "Odd.Numbered(3)");
            outcome.ExitCode.ShouldBe(framework == "NUnit" ? 1 : 0, outcome.Output);
        }
    }

    private static string Packages(string[] versions) =>
        TestRepository.Packages("Microsoft.NET.Test.Sdk") + string.Concat(versions.Chunk(2).Select(package => $"""<PackageReference Include="{package[0]}" VersionOverride="{package[1]}" />"""));

    // VSTest writes what it takes for illegal in XML as text, and leaves the class out of some names; rows that are made anew have another name in each process.
    private static List<(string Name, string? Outcome)> Results(string trx)
    {
        var document = XDocument.Load(trx);
        var classes = document.Descendants(Trx + "UnitTest").ToLookup(test => test.Attribute("id")!.Value, test => test.Element(Trx + "TestMethod")!.Attribute("className")!.Value);
        return [.. document.Descendants(Trx + "UnitTestResult").Select(result => (
            Plain($"{classes[result.Attribute("testId")!.Value].First()}: {result.Attribute("testName")!.Value}", classes[result.Attribute("testId")!.Value].First()), result.Attribute("outcome")?.Value))];
    }

    private static string Plain(string name, string className)
    {
        var plain = Anew().Replace(Illegal().Replace(name.Replace($": {className}.", ": ", StringComparison.Ordinal), "?"), "<guid>");
        return plain.Length > 400 ? $"{plain[..400]}… of {plain.Length}" : plain;
    }

    [GeneratedRegex(@"\\u(d[89a-f][0-9a-f]{2}|00[01][0-9a-f])|[\ud800-\udfff\ufffd\r\n\t]")]
    private static partial Regex Illegal();

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")]
    private static partial Regex Anew();
}
