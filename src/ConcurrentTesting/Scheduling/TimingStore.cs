namespace ConcurrentTesting.Scheduling;

/// <summary>The recorded durations: predicts a test's duration before a run and learns from the run's results.</summary>
internal sealed class TimingStore
{
    private readonly Dictionary<string, Timing> _timings;
    private readonly Dictionary<string, AssemblyTiming> _assemblies;

    private TimingStore(TimingsContent content)
    {
        var timings = content.Tests;
        _timings = timings;
        _assemblies = content.Assemblies;
        Worker = content.Worker;
        KnownFlaky = timings.Where(timing => timing.Value.FlakyRuns > 0).ToImmutableDictionary(
            timing => timing.Key, timing => new KnownFlaky(timing.Value.FlakyRuns!.Value, timing.Value.Samples), StringComparer.Ordinal);
    }

    public static TimingStore Empty => new(TimingsContent.Empty);

    /// <summary>Reads the file. A damaged one is set aside and reported through <paramref name="onDamaged"/>; the run goes on
    /// without.</summary>
    public static async Task<TimingStore> LoadAsync(string path, Action<string> onDamaged, CancellationToken cancellationToken)
    {
        try
        {
            return new TimingStore(await TimingsFile.ReadAsync(path, cancellationToken));
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A damaged file must not stop the run, because it only makes a plan better.
            onDamaged($"The timings file {path} cannot be read ({exception.Message}); {SetAside(path)}. The plan is made without it.");
            return Empty;
        }
    }

    /// <summary>What is known of a test, by its key or, from a flat file, by its name.</summary>
    public Timing? Find(TestEntry entry) =>
        _timings.TryGetValue(entry.Key, out var timing)
            || _timings.TryGetValue(TestNames.Full(entry.ClassName, entry.DisplayName), out timing)
            ? timing
            : null;

    /// <summary>The tests that no run has recorded, though others of their assembly were: where nothing at all is known of an assembly,
    /// nothing in it is new.</summary>
    public IReadOnlySet<TestEntry> NewAmong(IReadOnlyCollection<TestEntry> entries)
    {
        var known = entries.Where(entry => Find(entry) is not null).Select(entry => entry.Assembly).ToHashSet();
        foreach (var assembly in entries.Select(entry => entry.Assembly).Distinct().Where(assembly => !known.Contains(assembly)).ToList())
        {
            if (_timings.Keys.Any(key => key.StartsWith(assembly.Key + "/", StringComparison.Ordinal)))
                known.Add(assembly);
        }

        return entries.Where(entry => Find(entry) is null && known.Contains(entry.Assembly)).ToHashSet();
    }

    /// <summary>It did not pass when it ran last.</summary>
    public bool HasFailedLast(TestEntry entry) =>
        Find(entry)?.LastOutcome is { } outcome && outcome != nameof(TestOutcome.Passed);

    /// <summary>What a shared set-up adds to a batch, in seconds; null where it was never measured.</summary>
    public double? SetUpSeconds(TestAssembly assembly, SharedSetUp setUp) => Of(assembly).SetUps?.GetValueOrDefault(setUp.Name)?.Seconds;

    /// <summary>The tests of the assembly ran with databases of their own and did not use them.</summary>
    public bool IsDatabaseUnused(TestAssembly assembly) => Of(assembly).DatabaseUnused == true;

    /// <summary>The seconds from a worker's first batch to its first test; null: never measured.</summary>
    public MeasuredCost? Worker { get; set; }

    /// <summary>All tests that are known, one after another.</summary>
    public double TestSeconds => _timings.Values.Sum(timing => timing.Seconds);

    /// <summary>The share of the tests' time in which they did not compute, over the assemblies of which that is known; null: of
    /// none.</summary>
    public double? Waiting
    {
        get
        {
            var shares = _assemblies.Where(assembly => assembly.Value.Waiting is not null)
                .Select(assembly => (Share: assembly.Value.Waiting!.Value, Seconds: SecondsOf(assembly.Key + "/"))).ToList();
            var seconds = shares.Sum(share => share.Seconds);
            return seconds > 0 ? shares.Sum(share => share.Share * share.Seconds) / seconds : null;
        }
    }

    /// <summary>The share of its tests' time in which its test processes compute, 0 to 1; null: never measured.</summary>
    public double? ComputingShare(TestAssembly assembly) => 1 - Of(assembly).Waiting;

    /// <summary>What is known of an assembly beside its tests.</summary>
    public AssemblyTiming Of(TestAssembly assembly) => _assemblies.GetValueOrDefault(assembly.Key) ?? new AssemblyTiming();

    /// <summary>Remembers what the assembly is made of, and since when.</summary>
    public void LearnContent(TestAssembly assembly, string? content, DateTimeOffset at)
    {
        if (content is not null && Of(assembly).Content != content)
            Learn(assembly, Of(assembly) with { Content = content, ChangedAt = Second(at) });
    }

    /// <summary>The test has not run since the assembly became what it is; also where that is not known.</summary>
    /// <param name="content">What the assembly is made of now.</param>
    public bool IsChangedSince(TestEntry entry, string? content) =>
        Of(entry.Assembly) is var known && (content is null || known.Content != content || !(Find(entry)?.LastRun >= known.ChangedAt));

    /// <summary>Remembers something of an assembly.</summary>
    public void Learn(TestAssembly assembly, AssemblyTiming timing)
    {
        if (timing == new AssemblyTiming())
            _assemblies.Remove(assembly.Key);
        else
            _assemblies[assembly.Key] = timing;
    }

    /// <summary>The mean of what a batch costs beside tests and set-ups, over the assemblies where it is known; null: nowhere.</summary>
    public double? HostSeconds => _assemblies.Values.Select(assembly => assembly.Host?.Seconds).OfType<double>()
        .Select(seconds => (double?)seconds).DefaultIfEmpty(null).Average();

    /// <summary>The tests that ran to their end and gave fewer rows than in the last run, as far as that is remembered.</summary>
    public IEnumerable<(TestEntry Test, int Before, int Now)> WithFewerRows(TestCatalog catalog, IEnumerable<TestRecord> tests)
    {
        var rows = tests.ToLookup(test => (test.Assembly.Path, test.CaseId));
        return
            from entry in catalog.Units.SelectMany(unit => unit.Entries)
            let now = rows[(entry.Assembly.Path, entry.Id)].ToImmutableArray()
            let before = Find(entry)?.Rows
            where HaveRun(now) && !FailedBeforeItsRows(now) && RunOf(now).Rows < before
            select (entry, before.Value, RunOf(now).Rows);
    }

    /// <summary>Learns from the tests that ran to their end. A test with several rows is kept as one, with their sum, because it can only
    /// be moved as one.</summary>
    /// <param name="complete">All tests of the catalog's assemblies were discovered, so what is not among them is forgotten.</param>
    public void Learn(TestCatalog catalog, IEnumerable<TestRecord> tests, bool complete)
    {
        var rows = tests.ToLookup(test => (test.Assembly.Path, test.CaseId));
        foreach (var entry in catalog.Units.SelectMany(unit => unit.Entries))
            Learn(entry, rows[(entry.Assembly.Path, entry.Id)].ToImmutableArray());

        if (complete)
            Forget(catalog);
    }

    /// <summary>In how many of how many earlier runs a test was flaky, by its key as it was read; tests that never were are left
    /// out.</summary>
    public ImmutableDictionary<string, KnownFlaky> KnownFlaky { get; }

    /// <summary>Writes what is known; a test whose name holds a secret is not remembered.</summary>
    public Task SaveAsync(string path, Redactor redactor, CancellationToken cancellationToken) =>
        TimingsFile.WriteAsync(path, ToText(redactor), cancellationToken);

    /// <summary>What <see cref="SaveAsync"/> writes.</summary>
    public ReadOnlyMemory<byte> ToText(Redactor redactor)
    {
        var open = _timings.Where(timing => redactor.Redact(timing.Key) == timing.Key)
            .ToDictionary(timing => timing.Key, timing => timing.Value, StringComparer.Ordinal);
        return TimingsFile.TextOf(new TimingsContent(open, _assemblies) { Worker = Worker });
    }

    /// <summary>What each class of an assembly takes, by the key that a unit of it has.</summary>
    public ImmutableDictionary<string, double> ClassSeconds(TestAssembly assembly)
    {
        var prefix = assembly.Key + "/";
        return _timings.Where(timing => timing.Key.StartsWith(prefix, StringComparison.Ordinal))
            .GroupBy(timing => ClassIn(timing.Key), timing => timing.Value.Seconds)
            .ToImmutableDictionary(seconds => seconds.Key, seconds => seconds.Sum(), StringComparer.Ordinal);
    }

    // The method follows the last dot before its arguments.
    private static string ClassIn(string key)
    {
        var arguments = key.IndexOf('(', key.IndexOf('/', StringComparison.Ordinal) + 1);
        var dot = key.LastIndexOf('.', (arguments < 0 ? key.Length : arguments) - 1);
        return dot < 0 ? key : key[..dot];
    }

    private double SecondsOf(string prefix) =>
        _timings.Where(timing => timing.Key.StartsWith(prefix, StringComparison.Ordinal)).Sum(timing => timing.Value.Seconds);

    /// <summary>Learns from a run whose tests other machines discovered.</summary>
    public void Learn(IEnumerable<UnitPlanned> units, IEnumerable<TestRecord> tests)
    {
        var rows = tests.ToLookup(test => (test.Assembly.Key, test.CaseId));
        foreach (var (unit, test) in units.SelectMany(unit => unit.Tests.Select(test => (unit, test))))
        {
            var key = $"{unit.Assembly.Key}/{test.FullName}";
            Learn(key, _timings.GetValueOrDefault(key), test.HasKnownRows, rows[(unit.Assembly.Key, test.Case)].ToImmutableArray());
        }
    }

    private void Learn(TestEntry entry, ImmutableArray<TestRecord> rows) => Learn(entry.Key, Find(entry), entry.HasKnownRows, rows);

    private void Learn(string key, Timing? known, bool hasKnownRows, ImmutableArray<TestRecord> rows)
    {
        if (!HaveRun(rows))
        {
            // The duration says nothing then, but a test that failed last is to come first.
            if (known is not null && rows.Any(row => DecidingAttempt.IsFailure(row.Final)))
                _timings[key] = known with { LastOutcome = nameof(TestOutcome.Failed) };
            return;
        }

        var run = RunOf(rows);
        var seconds = Math.Round(run.Seconds, 6);
        var outcome = (rows.Any(row => row.Outcome == TestOutcome.Failed) ? TestOutcome.Failed : TestOutcome.Passed).ToString();
        var isFlaky = rows.Any(row => row.IsFlaky);
        var timing = known?.With(seconds, outcome, isFlaky) ?? Timing.First(seconds, outcome, isFlaky);
        _timings[key] = timing with
        {
            Rows = hasKnownRows ? null : RowsToRemember(rows, known, run.Rows),
            LastRun = Second(rows.Max(row => row.Final.StartedAt)),
        };
    }

    // For a test that ran several times it is the median of the times that went well. A row that is named anew each time is in one time
    // only, so times are summed over their rows.
    private static (double Seconds, int Rows) RunOf(ImmutableArray<TestRecord> rows)
    {
        if (rows.All(row => row.Repeats is null))
            return (rows.Sum(row => row.Final.Duration.TotalSeconds), rows.Length);
        var runs = rows.SelectMany(row => DecidingAttempt.OfRounds(row.Attempts))
            .Where(attempt => !AttemptCauses.IsWithoutEnd(attempt.Cause))
            .GroupBy(attempt => attempt.Round)
            .Select(run => (
                Seconds: run.Sum(attempt => attempt.Duration.TotalSeconds),
                Rows: run.Count(),
                HasFailed: run.Any(DecidingAttempt.IsFailure)))
            .OrderBy(run => run.Seconds).ToList();
        var good = runs.FindAll(run => !run.HasFailed);
        var median = good.Count > 0 ? good[(good.Count - 1) / 2] : runs[(runs.Count - 1) / 2];
        return (median.Seconds, median.Rows);
    }

    // A fixture or a source of rows that throws fails the test as a whole, with one row.
    private static bool FailedBeforeItsRows(ImmutableArray<TestRecord> rows) => rows is [{ Outcome: TestOutcome.Failed }];

    private static int? RowsToRemember(ImmutableArray<TestRecord> rows, Timing? known, int now) =>
        FailedBeforeItsRows(rows) ? known?.Rows : now;

    private static DateTimeOffset Second(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    private static bool HaveRun(IReadOnlyCollection<TestRecord> rows) =>
        rows.Count > 0 && rows.All(row => row.Outcome is TestOutcome.Passed or TestOutcome.Failed);

    private void Forget(TestCatalog catalog)
    {
        var sources = catalog.Assemblies.Select(assembly => assembly.Key + "/").ToArray();
        var known = catalog.Units.SelectMany(unit => unit.Entries).Concat(catalog.Explicit).Select(entry => entry.Key)
            .ToHashSet(StringComparer.Ordinal);
        foreach (var key in _timings.Keys.Where(
            key => !known.Contains(key) && Array.Exists(sources, source => key.StartsWith(source, StringComparison.Ordinal))).ToArray())
            _timings.Remove(key);
    }

    private static string SetAside(string path)
    {
        try
        {
            File.Move(path, path + ".damaged", overwrite: true);
            return $"it was set aside as {path}.damaged";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"it could not be set aside ({exception.Message})";
        }
    }
}
