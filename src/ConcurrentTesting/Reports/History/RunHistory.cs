using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.History;

/// <summary>What became of every test in the last runs: a file of lines of JSON, the first with the names of the tests, then one a run, the
/// oldest first. It has a bound: a hundred runs, fewer where they are large.</summary>
internal sealed class RunHistory
{
    public const string FileName = ConcurrentTestSettings.HistoryFileName;
    public const int MostRuns = 100;

    /// <summary>Characters of all runs together after which the oldest ones go.</summary>
    public const long MostCharacters = 32L << 20;

    private const int Version = 1;
    private const int MostPending = 64 * 1024;

    private readonly ImmutableArray<PastRun> _runs;

    private RunHistory(ImmutableArray<PastRun> runs) => _runs = runs;

    public static RunHistory Empty { get; } = new([]);

    /// <summary>Reads the file; nothing where there is none.</summary>
    /// <exception cref="JsonException">It is damaged.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static RunHistory Read(string path)
    {
        if (!File.Exists(path))
            return Empty;
        try
        {
            return Parse(File.ReadLines(path));
        }
        catch (Exception exception) when (IsOfAnotherShape(exception))
        {
            throw new JsonException("it is not what a run wrote", exception);
        }
    }

    private static RunHistory Parse(IEnumerable<string> file)
    {
        using var lines = file.GetEnumerator();
        if (!lines.MoveNext())
            return Empty;
        var names = Names(lines.Current);
        var runs = ImmutableArray.CreateBuilder<PastRun>();
        while (lines.MoveNext())
            runs.Add(PastRun.Parse(lines.Current, names));
        return new RunHistory(runs.ToImmutable());
    }

    // Reading JSON of another shape throws these.
    private static bool IsOfAnotherShape(Exception exception) =>
        exception is InvalidOperationException or KeyNotFoundException or FormatException or NullReferenceException or ArgumentException
            or IndexOutOfRangeException or OverflowException;

    /// <summary>The results of each test by its id, the oldest first.</summary>
    public ImmutableDictionary<string, ImmutableArray<PastResult>> ByTest() => _runs
        .SelectMany(run => run.Tests)
        .GroupBy(test => test.Id, test => test.Result, StringComparer.Ordinal)
        .ToImmutableDictionary(group => group.Key, group => group.ToImmutableArray(), StringComparer.Ordinal);

    // What was left out as a run was stopped says nothing of the test.
    private static bool HasEnded(TestRecord test) =>
        !AttemptCauses.IsWithoutEnd(test.Final.Cause) && FailureKinds.Of(test) != FailureKind.NotRun;

    /// <summary>The history with this run in it, and without what it has no room for.</summary>
    public RunHistory With(RunRecord run, Redactor redactor)
    {
        // Several results may have the same name: the worst is remembered.
        var worst = new OrderedDictionary<string, TestRecord>(run.Tests.Length, StringComparer.Ordinal);
        foreach (var test in run.Tests.Where(HasEnded))
        {
            if (!worst.TryAdd(test.Id, test) && FailureRank(test) > FailureRank(worst[test.Id]))
                worst[test.Id] = test;
        }

        var tests = worst.Select(test => (redactor.Redact(test.Key), Of(test.Value)));
        var all = _runs.Add(
            new PastRun(run.RunId, run.StartedAt.ToUniversalTime(), (int)run.ExitCode, Math.Round(run.Wall.TotalSeconds, 3), [.. tests]));
        var room = MostCharacters;
        return new RunHistory(
            [.. all.Reverse().TakeWhile((past, index) => index < MostRuns && (index == 0 || (room -= past.Size) > 0)).Reverse()]);
    }

    public Task WriteAsync(string path, CancellationToken cancellationToken) =>
        ArtifactFile.WriteAsync(path, stream => WriteAsync(stream, cancellationToken), cancellationToken);

    private async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        var numbers = new Dictionary<string, int>(_runs.Select(run => run.Tests.Length).DefaultIfEmpty().Max(), StringComparer.Ordinal);
        foreach (var run in _runs)
        {
            foreach (var (id, _) in run.Tests)
                numbers.TryAdd(id, numbers.Count);
        }

        WriteNames(stream, numbers.Keys);
        await using var writer = new StreamWriter(stream, leaveOpen: true) { NewLine = "\n" };
        foreach (var run in _runs)
        {
            cancellationToken.ThrowIfCancellationRequested();
            await writer.WriteLineAsync(run.ToLine(numbers));
        }
    }

    // There are as many names as the runs have tests, so they are streamed.
    private static void WriteNames(Stream stream, IEnumerable<string> names)
    {
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteNumber("version", Version);
            json.WriteStartArray("names");
            foreach (var name in names)
            {
                json.WriteStringValue(name);
                if (json.BytesPending > MostPending)
                    json.Flush();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        stream.WriteByte((byte)'\n');
    }

    private static string[] Names(string line)
    {
        using var header = JsonDocument.Parse(line);
        return header.RootElement.TryGetProperty("version", out var version) && version.GetInt32() == Version
            ? [.. header.RootElement.GetProperty("names").EnumerateArray().Select(name => name.GetString()!)]
            : throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"it is not of version {Version}"));
    }

    private static int FailureRank(TestRecord test) => test.Outcome switch
    {
        TestOutcome.Skipped => 0,
        TestOutcome.Passed => 1,
        _ => 2,
    };

    private static PastResult Of(TestRecord test) =>
        new(test.Outcome, Math.Round(test.Final.Duration.TotalSeconds, 4), test.Final.Figures?.Queries, test.IsFlaky);
}
