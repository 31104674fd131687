using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ConcurrentTesting.Benchmarks.Soak;

/// <summary>What a soak came to.</summary>
/// <param name="NotBegun">Rows of unknown number that nobody can know of: they come after one that timed out.</param>
internal sealed record SoakOutcome(int Reported, int Lost, int NotBegun, int Doubled, int TimedOut, IReadOnlyList<string> NotPassed, TimeSpan Duration);

/// <summary>One run of the troubled suite through this repository's build, as a process.</summary>
internal sealed class SoakRun : IDisposable
{
    // Every process of the run inherits it.
    private const string Mark = "SOAK_RUN";

    private const int Classes = 100;

    // Of each suite, eight classes with two tests whose rows are only known when they run.
    private const string UnknownRows = "Troubled.Unknown.";
    private const int MostUnknownRows = 12;
    private const int UnknownRowsOfSuite = 8 * (MostUnknownRows + 10);

    /// <summary>Rows of all suites that are only known when they run.</summary>
    public static int UnknownRowsOfAll => UnknownRowsOfSuite * Suites.Length;

    private static readonly string[] Suites = ["Troubled.XUnit2", "Troubled.XUnit3", "Troubled.NUnit", "Troubled.MSTest"];
    private static readonly string Root = FindRoot();

    private readonly Process _process;
    private readonly string _folder;
    private readonly int _results;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private readonly List<string> _lines = [];

    private SoakRun(Process process, string folder, int results)
    {
        _process = process;
        _folder = folder;
        _results = results;
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>Tests run: what dies before that ends the run, truly, as incomplete.</summary>
    public bool RunsTests => Directory.Exists(Path.Combine(_folder, "artifacts", "test-results", "worker-0"));

    public bool HasExited => _process.HasExited;

    /// <summary>The most memory that the engine's process had, in bytes.</summary>
    public long PeakBytes { get; private set; }

    /// <summary>What it said.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
                return [.. _lines];
        }
    }

    public static SoakRun Start(int results, string connectionString)
    {
        var folder = Directory.CreateTempSubdirectory("soak-").FullName;
        Directory.CreateDirectory(Path.Combine(folder, ".nuke"));
        File.WriteAllText(Path.Combine(folder, "visits.sql"), "CREATE TABLE visits (visitor text);");
        var start = new ProcessStartInfo(
            "dotnet",
            [
                Path.Combine(Root, "build", "bin", "Debug", "_build.dll"), "ConcurrentTest", "--root", folder, "--workers", "8", "--test-no-build",
                "--test-projects", .. Suites.Select(suite => Path.Combine(Root, "tests", "troubled", suite, "bin", "Debug", "net10.0", $"{suite}.dll")),
                "--test-filter", "FullyQualifiedName~Troubled.Rows|FullyQualifiedName~Troubled.Unknown", "--test-database", "postgresql", "--test-template", Path.Combine(folder, "visits.sql"),
                "--test-timeout", "20s", "--test-max-retries", "20", "--test-retry-delay", "500ms",
            ])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["NUKE_TEST_CONNECTION_STRING"] = connectionString;
        start.Environment[Mark] = folder;
        start.Environment["TROUBLED_ROWS"] = (results / Classes).ToString(CultureInfo.InvariantCulture);
        return new SoakRun(new Process { StartInfo = start }, folder, results / Classes * Classes);
    }

    /// <summary>Processes of the run whose command line mentions a text: <c>testhost</c>.</summary>
    public IReadOnlyList<int> Processes(string mentioning = "") =>
        [.. Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out var id) && id != _process.Id)
            .Select(name => int.Parse(name!, CultureInfo.InvariantCulture))
            .Where(id => Read(id, "environ").Contains($"{Mark}={_folder}\0", StringComparison.Ordinal) && Read(id, "cmdline").Contains(mentioning, StringComparison.Ordinal))];

    public void LookAtMemory()
    {
        const string Peak = "VmHWM:";
        var line = Read(_process.Id, "status").Split('\n').FirstOrDefault(line => line.StartsWith(Peak, StringComparison.Ordinal));
        if (line is not null)
            PeakBytes = Math.Max(PeakBytes, long.Parse(line[Peak.Length..].Replace("kB", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture) * 1024);
    }

    public async Task<SoakOutcome> EndAsync()
    {
        while (!_process.HasExited)
        {
            LookAtMemory();
            await Task.WhenAny(_process.WaitForExitAsync(), Task.Delay(TimeSpan.FromMilliseconds(100)));
        }

        await _process.WaitForExitAsync();
        using var run = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(_folder, "artifacts", "test-results", "run.json")));
        var reported = run.RootElement.GetProperty("tests").EnumerateArray().Select(test => (Name: $"{test.GetProperty("class")}.{test.GetProperty("name")}", Outcome: test.GetProperty("outcome").GetString())).ToList();
        var asked = Enumerable.Range(0, Classes).SelectMany(number => Enumerable.Range(1, _results / Classes).Select(row => string.Create(CultureInfo.InvariantCulture, $"Troubled.Rows{number:00}.Row(number: {row})"))).ToHashSet(StringComparer.Ordinal);
        var ofUnknownRows = run.RootElement.GetProperty("tests").EnumerateArray().Where(IsOfUnknownRows).ToLookup(test => test.GetProperty("assembly").GetString()!);
        var notBegun = Suites.Sum(suite => Math.Min(Missing(suite), (MostUnknownRows - 1) * ofUnknownRows[suite].Count(HasTimedOut)));
        reported.RemoveAll(test => test.Name.StartsWith(UnknownRows, StringComparison.Ordinal));
        var times = reported.CountBy(test => test.Name).ToDictionary(count => count.Key, count => count.Value, StringComparer.Ordinal);
        return new SoakOutcome(
            reported.Count + ofUnknownRows.Sum(suite => suite.Count()),
            asked.Count(name => !times.ContainsKey(name)) + Suites.Sum(Missing) - notBegun,
            notBegun,
            times.Sum(count => asked.Contains(count.Key) ? count.Value - 1 : count.Value) + Suites.Sum(suite => Math.Max(0, ofUnknownRows[suite].Count() - UnknownRowsOfSuite)),
            run.RootElement.GetProperty("tests").EnumerateArray().Count(HasTimedOut),
            [.. run.RootElement.GetProperty("tests").EnumerateArray().Where(test => test.GetProperty("outcome").GetString() is not ("Passed" or "TimedOut")).Select(Story)],
            _watch.Elapsed);

        int Missing(string suite) => Math.Max(0, UnknownRowsOfSuite - ofUnknownRows[suite].Count());
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static bool IsOfUnknownRows(JsonElement test) => test.GetProperty("class").GetString()!.StartsWith(UnknownRows, StringComparison.Ordinal);

    private static bool HasTimedOut(JsonElement test) => test.GetProperty("outcome").GetString() == "TimedOut";

    private static string Story(JsonElement test) =>
        $"{test.GetProperty("class")}.{test.GetProperty("name")}: {string.Join("; ", test.GetProperty("attempts").EnumerateArray().Select(attempt => $"{attempt.GetProperty("outcome")} ({attempt.GetProperty("cause")}) {attempt.GetProperty("message").GetString()?.Split('\n')[0]}"))}";

    private static string Read(int id, string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes($"/proc/{id}/{file}"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Nuke.Plugin.sln")))
            folder = folder.Parent ?? throw new DirectoryNotFoundException("The soak is not in its checkout.");
        return folder.FullName;
    }

    private void Add(string? line)
    {
        if (line is null)
            return;
        lock (_lines)
            _lines.Add(line);
    }
}
