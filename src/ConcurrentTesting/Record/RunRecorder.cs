using System.Collections.Immutable;
using System.Globalization;
using System.Runtime.InteropServices;
using ConcurrentTesting.Catalog;

namespace ConcurrentTesting.Record;

/// <summary>Collects what happens in a run, thread-safe. An attempt is added to the row of the same name; a row's last attempt decides.</summary>
internal sealed class RunRecorder(TimeProvider time, IRunObserver observer, Quarantine quarantine)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<TestEntry, List<Row>> _rows = [];
    private readonly TextBudget _texts = new();
    private readonly List<BatchRecord> _batches = [];
    private readonly List<WorkerRecord> _workers = [];
    private readonly List<Incident> _incidents = [];
    private readonly Dictionary<string, RetryCount> _retries = [];
    private readonly List<(OutsideFailure Failure, ImmutableArray<TestEntry> LeftOpen)> _outside = [];
    private int _batchNumber;

    /// <summary>An empty one beside this, for tests whose results are not the run's.</summary>
    public RunRecorder Fresh() => new(time, observer, quarantine);

    public int NextBatchNumber() => Interlocked.Increment(ref _batchNumber);

    /// <summary>Adds one result row. <paramref name="occurrence"/> counts rows of the same name within one run of the entry, from 0.</summary>
    public TestRecord Add(TestEntry entry, string name, int occurrence, TestAttempt attempt, ImmutableArray<KeyValuePair<string, string>> traits)
    {
        lock (_gate)
        {
            var rows = RowsOf(entry);
            var row = rows.Find(row => row.Name == name && row.Occurrence == occurrence);
            if (row is null)
                rows.Add(row = new Row(name, occurrence, traits));
            row.Attempts.Add(_texts.Keep(attempt) with { Number = row.Attempts.Count + 1 });
            return row.ToRecord(entry, quarantine);
        }
    }

    /// <summary>
    /// Adds a result that no host gave. Rows that an entry has keep what they have unless the whole entry is replaced: a crash or time-out speaks for
    /// the rows that were still to come.
    /// </summary>
    public TestRecord Settle(TestEntry entry, int occurrence, TestAttempt attempt) =>
        Add(entry, TestNames.Short(entry.ClassName, entry.DisplayName), occurrence, attempt, []);

    /// <summary>Adds the result of a row that a host owed in a batch and did not give: the first of the case's name that has no attempt in the batch.</summary>
    public TestRecord SettleMissing(TestEntry entry, TestAttempt attempt)
    {
        lock (_gate)
        {
            var name = TestNames.Short(entry.ClassName, entry.DisplayName);
            var given = RowsOf(entry).Where(row => row.Name == name && row.Attempts[^1].Batch == attempt.Batch).Select(row => row.Occurrence).ToHashSet();
            return Settle(entry, Enumerable.Range(0, given.Count + 1).First(occurrence => !given.Contains(occurrence)), attempt);
        }
    }

    /// <summary>
    /// The latest run of an entry in a batch counts: rows that it did not give again, because its rows differ from run to run or its process died before them, are no
    /// rows of their own any more but earlier attempts of those that it gave.
    /// </summary>
    public void Supersede(TestEntry entry, int batch)
    {
        lock (_gate)
        {
            var rows = RowsOf(entry);
            var given = rows.FindAll(row => row.Attempts[^1].Batch == batch);
            var older = rows.FindAll(row => row.Attempts[^1].Batch != batch);
            if (given.Count == 0 || older.Count == 0)
                return;
            var takers = given.FindAll(row => row.Attempts.TrueForAll(attempt => attempt.Batch == batch));
            takers = takers.Count > 0 ? takers : given;
            for (var index = 0; index < older.Count; index++)
                takers[Math.Min(index, takers.Count - 1)].InsertBefore(batch, older[index].Attempts);
            rows.RemoveAll(older.Contains);
        }
    }

    /// <summary>Adds a failure outside of tests.</summary>
    /// <param name="leftOpen">The tests that it left without all their results; where one of them fails in the end, that failure speaks for it.</param>
    public void Add(OutsideFailure failure, ImmutableArray<TestEntry> leftOpen)
    {
        lock (_gate)
            _outside.Add((failure, leftOpen));
    }

    /// <summary>The failures outside of tests, one for each that is the same on several workers.</summary>
    public ImmutableArray<OutsideFailure> Outside
    {
        get
        {
            lock (_gate)
            {
                return
                [
                    .. _outside.Where(outside => !outside.LeftOpen.Any(HasFailed))
                        .GroupBy(outside => (outside.Failure.Kind, outside.Failure.Name, outside.Failure.Assembly.Source, outside.Failure.Message))
                        .Select(same => Together([.. same.Select(outside => outside.Failure)])),
                ];
            }
        }
    }

    /// <summary>Adds what was measured in a batch to its attempts.</summary>
    public void Measure(int batch, IEnumerable<TestEntry> entries, BatchFigures figures)
    {
        lock (_gate)
        {
            var sameNames = new Dictionary<(string ClassName, string Name), int>();
            foreach (var entry in entries)
            {
                foreach (var row in RowsOf(entry))
                {
                    var index = row.Attempts.FindIndex(attempt => attempt.Batch == batch);
                    if (index < 0)
                        continue;
                    ref var occurrence = ref CollectionsMarshal.GetValueRefOrAddDefault(sameNames, (entry.ClassName, row.Name), out _);
                    row.Attempts[index] = row.Attempts[index] with { Figures = figures.Find(entry, row.Name, row.Occurrence, occurrence++) };
                }
            }
        }
    }

    /// <summary>Adds the explicit tests that a plain run reports as not executed.</summary>
    public void AddExplicit(IEnumerable<TestEntry> entries)
    {
        foreach (var (entry, index) in entries.SelectMany(entry => Enumerable.Range(0, entry.CaseCount).Select(index => (entry, index))))
        {
            Settle(entry, index, new TestAttempt
            {
                Outcome = TestOutcome.Skipped,
                Worker = -1,
                Batch = 0,
                Number = 1,
                StartedAt = time.GetUtcNow(),
                Message = "Explicit: it runs only when it is asked for by name.",
            });
        }
    }

    /// <summary>The rows that an entry has so far.</summary>
    public ImmutableArray<TestRecord> RowsSoFar(TestEntry entry)
    {
        lock (_gate)
            return _rows.TryGetValue(entry, out var rows) ? [.. rows.Select(row => row.ToRecord(entry, quarantine))] : [];
    }

    public int RowCount(TestEntry entry)
    {
        lock (_gate)
            return _rows.TryGetValue(entry, out var rows) ? rows.Count : 0;
    }

    public void Add(BatchRecord batch)
    {
        lock (_gate)
            _batches.Add(batch);
    }

    public void Add(WorkerRecord worker)
    {
        lock (_gate)
            _workers.Add(worker);
    }

    public void Report(string kind, string message, int? worker = null)
    {
        var incident = new Incident(time.GetUtcNow(), kind, message, worker);
        lock (_gate)
            _incidents.Add(incident);
        observer.IncidentHappened(incident);
    }

    /// <summary>Tells which quarantines are over, so that nobody wonders why a failure counts again.</summary>
    public void ReportExpiredQuarantine()
    {
        foreach (var test in quarantine.Expired)
            Report(IncidentKinds.QuarantineExpired, string.Create(CultureInfo.InvariantCulture, $"The quarantine of {test.Test} ended on {test.Expires:yyyy-MM-dd} ({test.Reason}): its failures count again. Mend the test, or give the entry a later date."));
    }

    public ImmutableArray<TestRecord> Tests
    {
        get
        {
            lock (_gate)
                return [.. _rows.SelectMany(pair => pair.Value.Select(row => row.ToRecord(pair.Key, quarantine))).OrderBy(test => test.Id, StringComparer.Ordinal)];
        }
    }

    public ImmutableArray<BatchRecord> Batches
    {
        get
        {
            lock (_gate)
                return [.. _batches.OrderBy(batch => batch.Number)];
        }
    }

    public ImmutableArray<WorkerRecord> Workers
    {
        get
        {
            lock (_gate)
                return [.. _workers.OrderBy(worker => worker.Number)];
        }
    }

    /// <summary>Counts one more try of what failed before a batch could run.</summary>
    public void CountRetry(string cause, bool succeeded)
    {
        lock (_gate)
            _retries[cause] = (_retries.GetValueOrDefault(cause) ?? RetryCount.None).With(succeeded);
    }

    public ImmutableSortedDictionary<string, RetryCount> PreparationRetries
    {
        get
        {
            lock (_gate)
                return _retries.ToImmutableSortedDictionary(StringComparer.Ordinal);
        }
    }

    public ImmutableArray<Incident> Incidents
    {
        get
        {
            lock (_gate)
                return [.. _incidents];
        }
    }

    private static OutsideFailure Together(ImmutableArray<OutsideFailure> same) => same[0] with
    {
        Workers = [.. same.SelectMany(failure => failure.Workers).Distinct().Order()],
        Classes = [.. same.SelectMany(failure => failure.Classes).Distinct().Order(StringComparer.Ordinal)],
        IsFlaky = same.All(failure => failure.IsFlaky),
    };

    private bool HasFailed(TestEntry entry) =>
        _rows.TryGetValue(entry, out var rows) && rows.Exists(row => row.Attempts[^1].Outcome is not (TestOutcome.Passed or TestOutcome.Skipped));

    private List<Row> RowsOf(TestEntry entry)
    {
        if (!_rows.TryGetValue(entry, out var rows))
            _rows.Add(entry, rows = []);
        return rows;
    }

    private sealed record Row(string Name, int Occurrence, ImmutableArray<KeyValuePair<string, string>> Traits)
    {
        public List<TestAttempt> Attempts { get; } = [];

        /// <summary>Adds attempts that were made before a batch, and numbers all anew.</summary>
        public void InsertBefore(int batch, IEnumerable<TestAttempt> earlier)
        {
            Attempts.InsertRange(Attempts.FindIndex(attempt => attempt.Batch == batch), earlier);
            for (var index = 0; index < Attempts.Count; index++)
                Attempts[index] = Attempts[index] with { Number = index + 1 };
        }

        public TestRecord ToRecord(TestEntry entry, Quarantine quarantine) => new()
        {
            Id = $"{entry.Assembly.Source}/{entry.ClassName}.{Name}",
            Assembly = entry.Assembly,
            CaseId = entry.Id,
            ClassName = entry.ClassName,
            MethodName = entry.MethodName,
            Name = Name,
            Attempts = [.. Attempts],
            Traits = Traits,
            SourceFile = entry.SourceFile,
            Line = entry.Line,
            Quarantine = quarantine.ReasonFor(entry.ClassName, entry.MethodName, Name),
        };
    }
}
