using System.Globalization;
using System.Text.Json;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>Runs of <see cref="Repository.Troubled"/> in a folder of their own, one after another, so that a run can take up what an earlier one left.</summary>
internal sealed class TroubledSuite : IDisposable
{
    public const string RowsOnly = "FullyQualifiedName~Troubled.Rows";

    private readonly string _suite;

    /// <param name="isFirstRun">Nothing is known of how long tests take, so that they run in many small batches.</param>
    public TroubledSuite(string suite = Repository.Troubled, bool isFirstRun = false)
    {
        _suite = suite;
        Folder = Directory.CreateTempSubdirectory("troubled-").FullName;
        Template = Write("visits.sql", "CREATE TABLE visits (visitor text);");
        Directory.CreateDirectory(Marks);
        if (!isFirstRun)
            KnowDurations(rowsEach: 3, seconds: 0.01);
    }

    public string Folder { get; }

    public string Template { get; }

    public string Results => Path.Combine(Folder, "artifacts", "test-results");

    // What happened once in a run is remembered here.
    private string Marks => Path.Combine(Folder, "marks");

    public string Write(string name, string text)
    {
        var path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>As after an earlier run: the next one knows how long each row takes, and does not have to find out in many small batches.</summary>
    public void KnowDurations(int rowsEach, double seconds)
    {
        var timings = Path.Combine(Folder, ".nuke", "temp", "test-timings.json");
        Directory.CreateDirectory(Path.GetDirectoryName(timings)!);
        File.WriteAllText(timings, JsonSerializer.Serialize(AllRows(rowsEach).ToDictionary(row => $"{row.Class}.{row.Name}", _ => seconds)));
    }

    /// <param name="arguments">SQLite is used unless they say otherwise.</param>
    /// <param name="trouble">Kinds of trouble by the rows that make it: <c>CRASH=Rows01:2</c>.</param>
    public SampleRun Start(string arguments, params string[] trouble) => SampleRun.StartIn(Folder, [_suite], Words(arguments), Variables(trouble));

    public async Task<SampleOutcome> RunAsync(string arguments, CancellationToken cancellationToken, params string[] trouble)
    {
        using var run = Start(arguments, trouble);
        return await run.EndAsync(cancellationToken);
    }

    /// <summary>A run of these suites, whichever this is.</summary>
    public async Task<SampleOutcome> RunAsync(IReadOnlyCollection<string> suites, string arguments, CancellationToken cancellationToken, params string[] trouble)
    {
        using var run = SampleRun.StartIn(Folder, suites, Words(arguments), Variables(trouble));
        return await run.EndAsync(cancellationToken);
    }

    /// <summary>The command, for those who run it their own way.</summary>
    public string[] Command(string arguments) => SampleRun.Command(Folder, [_suite], Words(arguments));

    public (string Name, string Value)[] Variables(params string[] trouble) =>
        [("TROUBLED_MARKS", Marks), .. trouble.Select(each => each.Split('=', 2)).Select(parts => ($"TROUBLED_{parts[0]}", parts[1]))];

    /// <summary>Until a row has made a kind of trouble that happens once; the test host that it happened in.</summary>
    public async Task<int> ProcessOfAsync(SampleRun run, string kind, string row, CancellationToken cancellationToken)
    {
        var process = 0;
        await run.UntilAsync(
            () => Directory.EnumerateFiles(Marks, $"*-{kind}-{row.Replace(':', '-')}")
                .Any(mark => int.TryParse(File.ReadAllText(mark).Split('\n')[0], CultureInfo.InvariantCulture, out process)),
            $"the row {row} made a {kind}",
            cancellationToken);
        return process;
    }

    /// <summary>Every row of <see cref="RowsOnly"/> as run.json names it.</summary>
    public static IEnumerable<(string Class, string Name)> AllRows(int each) =>
        from number in Enumerable.Range(0, 100)
        from row in Enumerable.Range(1, each)
        select (string.Create(CultureInfo.InvariantCulture, $"Troubled.Rows{number:00}"), string.Create(CultureInfo.InvariantCulture, $"Row(number: {row})"));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private string[] Words(string arguments)
    {
        var words = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Contains("--test-database") ? words : ["--test-database", "sqlite", "--test-template", Template, .. words];
    }
}
