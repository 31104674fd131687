using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;

namespace ConcurrentTesting.Benchmarks.SharedSetUp;

/// <summary>One set of suites, run in sequence and by workers.</summary>
internal sealed class Comparison(string[] suites, int workers, double seconds)
{
    private const int TestsOfASuite = 32;
    private const double LeastWithout = 3;
    private const double LeastWith = 4;

    private readonly string _root = FindRoot();
    private readonly string _folder = Directory.CreateTempSubdirectory("shared-setup-").FullName;

    public async Task<bool> RunAsync()
    {
        Directory.CreateDirectory(Path.Combine(_folder, ".nuke"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "template.sql"), "CREATE TABLE unrelated (a text);");
        var (serial, expected) = await SerialAsync();
        var (without, first) = await WorkersAsync();
        var (with, second) = await WorkersAsync();
        var areSame = expected.SetEquals(first) && expected.SetEquals(second);
        System.Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{string.Join(", ", suites)}: serial {serial:0.0} s; {workers} workers without timings {without:0.0} s ({serial / without:0.0}x), with timings {with:0.0} s ({serial / with:0.0}x); {expected.Count} outcomes {(areSame ? "the same" : "DIFFER")}"));
        Directory.Delete(_folder, recursive: true);
        return areSame && serial / without >= LeastWithout && serial / with >= LeastWith;
    }

    private async Task<(double Seconds, HashSet<string> Outcomes)> SerialAsync()
    {
        var outcomes = new HashSet<string>();
        var total = 0.0;
        foreach (var suite in suites)
        {
            var trx = Path.Combine(_folder, $"{suite}.trx");
            total += await RunAsync("test", Project(suite), "--no-build", "--logger", $"trx;LogFileName={trx}", "--", "RunConfiguration.DisableParallelization=true");
            XNamespace format = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
            outcomes.UnionWith(XDocument.Load(trx).Descendants(format + "UnitTestResult")
                .Select(result => $"{suite}/{Method((string)result.Attribute("testName")!)} of {Test(result, format)}: {(string)result.Attribute("outcome")!}"));
        }

        return (total, outcomes);
    }

    private static string Test(XElement result, XNamespace format)
    {
        var id = (string)result.Attribute("testId")!;
        var definition = result.Document!.Descendants(format + "UnitTest").First(test => (string)test.Attribute("id")! == id);
        return ((string)definition.Element(format + "TestMethod")!.Attribute("className")!).Split(',')[0];
    }

    private async Task<(double Seconds, HashSet<string> Outcomes)> WorkersAsync()
    {
        string[] command =
        [
            Path.Combine(_root, "build", "bin", "Debug", "_build.dll"), "ConcurrentTest", "--root", _folder, "--test-no-build",
            "--workers", workers.ToString(CultureInfo.InvariantCulture), "--test-database", "sqlite", "--test-template", Path.Combine(_folder, "template.sql"),
            "--test-projects", .. suites.Select(Project),
        ];
        var elapsed = await RunAsync(command);
        using var run = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "artifacts", "test-results", "run.json")));
        return (elapsed, [.. run.RootElement.GetProperty("tests").EnumerateArray().Select(test =>
            $"{test.GetProperty("assembly").GetString()!.Split('.')[1]}/{Method(test.GetProperty("name").GetString()!)} of {test.GetProperty("class").GetString()}: {test.GetProperty("outcome").GetString()}")]);
    }

    private static string Method(string name) => name[(name.LastIndexOf('.') + 1)..];

    private async Task<double> RunAsync(params string[] command)
    {
        var start = new ProcessStartInfo("dotnet", command) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _folder };
        start.Environment["SHARED_SETUP_DELAY"] = (1000 * seconds / TestsOfASuite).ToString("0", CultureInfo.InvariantCulture);
        start.Environment["ConnectionStrings__Default"] = $"Data Source={Path.Combine(_folder, "serial.db")}";
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var output = Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            System.Console.WriteLine($"{string.Join(' ', command.Take(2))} ended with {process.ExitCode}: {string.Join('\n', await output)}");
        return watch.Elapsed.TotalSeconds;
    }

    private string Project(string suite) => Path.Combine(_root, "tests", "shared-setup", $"SharedSetUp.{suite}", $"SharedSetUp.{suite}.csproj");

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Nuke.Plugin.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The benchmark is not in its checkout.");
        return folder.FullName;
    }
}
