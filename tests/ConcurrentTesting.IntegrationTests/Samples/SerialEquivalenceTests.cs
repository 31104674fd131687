using System.Diagnostics;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>The same tests pass, fail and skip, as often, as in a serial <c>dotnet test</c>.</summary>
public sealed class SerialEquivalenceTests
{
    private static readonly Regex Surrogates = new(@"\\u(d[89a-f][0-9a-f]{2})");
    private static readonly XNamespace Trx = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("XUnit2")]
    [InlineData("XUnit3")]
    [InlineData("NUnit")]
    [InlineData("MSTest")]
    public async Task Every_test_has_the_outcome_of_a_serial_run_as_often(string suite)
    {
        var folder = Directory.CreateTempSubdirectory("serial-").FullName;
        var serial = SerialAsync(suite, folder);
        try
        {
            await ShouldBeAsSerialAsync(suite, serial);
        }
        finally
        {
            // It writes there.
            await Task.WhenAny(serial);
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task ShouldBeAsSerialAsync(string suite, Task<string> serial)
    {
        using var run = SampleRun.Start([suite], ["--workers", "4", "--test-settings", Repository.SerialRunSettings, "--test-seed", "20260302"]);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(0, outcome.Output);
        Results(Path.Combine(outcome.Results, "test-results.trx")).ShouldBe(Results(await serial).Select(WithoutPassword), ignoreOrder: true);
        outcome.Output.Split('\n')[^1].ShouldMatch(@"^\d+ passed, 0 failed, \d+ skipped$");
    }

    // What stands as a password is never written, a row's name no exception.
    private static (string Class, string Name, string? Outcome) WithoutPassword((string Class, string Name, string? Outcome) result) =>
        result with { Name = result.Name.Replace("Password='a;b'", "Password='***'", StringComparison.Ordinal) };

    private static async Task<string> SerialAsync(string suite, string folder)
    {
        var start = new ProcessStartInfo(
            "dotnet",
            ["test", Repository.Project(suite), "--no-build", "--framework", "net10.0", "--settings", Repository.SerialRunSettings, "--logger", "trx;LogFileName=serial.trx", "--results-directory", folder])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(Cancellation);
        await process.WaitForExitAsync(Cancellation);
        process.ExitCode.ShouldBe(0, await output);
        return Path.Combine(folder, "serial.trx");
    }

    // VSTest writes surrogates as text and leaves the class out of some names: both are made the same.
    private static List<(string Class, string Name, string? Outcome)> Results(string trx)
    {
        var document = XDocument.Load(trx);
        var classes = document.Descendants(Trx + "UnitTest").ToDictionary(test => test.Attribute("id")!.Value, test => test.Element(Trx + "TestMethod")!.Attribute("className")!.Value);
        return [.. document.Descendants(Trx + "UnitTestResult").Select(result => (
            classes[result.Attribute("testId")!.Value],
            Surrogates.Replace(result.Attribute("testName")!.Value, match => ((char)Convert.ToInt32(match.Groups[1].Value, 16)).ToString()).Replace(classes[result.Attribute("testId")!.Value] + ".", "", StringComparison.Ordinal),
            result.Attribute("outcome")?.Value))];
    }
}
