using System.Runtime.InteropServices;

namespace ConcurrentTesting.Record;

/// <summary>Turns what happens in a run into events. Each is added to what is known, written to the journal and told to those who watch.
/// Thread-safe.</summary>
/// <param name="journal">Null where nothing is written.</param>
internal sealed class RunRecorder(TimeProvider time, IRunObserver observer, Quarantine quarantine, JournalWriter? journal = null)
    : IRunObserver
{
    private readonly Lock _gate = new();
    private readonly RunFold _fold = new();
    private readonly TextBudget _texts = new();
    private readonly Dictionary<string, string> _assemblies = [];
    private int _batchNumber;

    /// <summary>An empty one beside this, for tests whose results are not the run's.</summary>
    public RunRecorder Fresh() => new(time, observer, quarantine);

    public int NextBatchNumber() => Interlocked.Increment(ref _batchNumber);

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Adds what happened.</summary>
    /// <param name="assembly">The assembly that it speaks of; null: none.</param>
    public void Add(RunEvent happened, TestAssembly? assembly = null)
    {
        lock (_gate)
        {
            if (assembly is not null && !_assemblies.ContainsKey(assembly.Path))
                Publish(AssemblyFound.Of(_assemblies[assembly.Path] = KeyOf(assembly), assembly, happened.At));
            Publish(happened);
        }
    }

    /// <summary>Adds one result row.</summary>
    /// <param name="occurrence">Counts rows of the same name within one run of the entry, from 0.</param>
    /// <param name="isFinal">It will not be tried again.</param>
    /// <returns>The outcome of its row so far.</returns>
    public TestOutcome Add(
        TestEntry entry, string name, int occurrence, TestAttempt attempt, ImmutableArray<KeyValuePair<string, string>> traits,
        bool isFinal = true) =>
        Add(entry, name, occurrence, attempt, traits, isFinal, isQuiet: false, isOfHost: true);

    /// <summary>Adds a result that no host gave. Rows that an entry has keep what they have unless the whole entry is replaced: a crash or
    /// time-out speaks for the rows that were still to come.</summary>
    /// <param name="isQuiet">Those who watch are told in the end, not now.</param>
    public TestOutcome Settle(TestEntry entry, int occurrence, TestAttempt attempt, bool isQuiet = true) =>
        Add(entry, TestNames.Short(entry.ClassName, entry.DisplayName), occurrence, attempt, [], isFinal: true, isQuiet, isOfHost: false);

    /// <summary>Adds the result of a row that a host owed in a batch and did not give: the first of the case's name that has no attempt in
    /// the batch.</summary>
    /// <param name="isQuiet">Those who watch are told in the end, not now.</param>
    public TestOutcome SettleMissing(TestEntry entry, TestAttempt attempt, bool isQuiet = false)
    {
        lock (_gate)
        {
            var name = TestNames.Short(entry.ClassName, entry.DisplayName);
            var given = _fold.Rows.Of(RefOf(entry)).Where(row => row.Name == name && row.HasAttemptIn(attempt.Batch))
                .Select(row => row.Occurrence).ToHashSet();
            return Settle(entry, Enumerable.Range(0, given.Count + 1).First(occurrence => !given.Contains(occurrence)), attempt, isQuiet);
        }
    }

    /// <summary>The latest run of an entry in a batch counts: rows that it did not give again, because its rows differ from run to run or
    /// its process died before them, are no rows of their own any more but earlier attempts of those that it gave.</summary>
    public void Supersede(TestEntry entry, int batch)
    {
        lock (_gate)
        {
            if (_fold.Rows.IsSuperseding(RefOf(entry), batch))
                Add(new RowsSuperseded(RefOf(entry), batch) { At = Now }, entry.Assembly);
        }
    }

    /// <param name="leftOpen">
    /// The tests that it left without all their results; where one of them fails in the end, that failure speaks for it.
    /// </param>
    public void Add(OutsideFailure failure, ImmutableArray<TestEntry> leftOpen) =>
        Add(new OutsideFailed(failure, [.. leftOpen.Select(RefOf)]) { At = Now }, failure.Assembly);

    /// <summary>The failures outside of tests, one for each that is the same on several workers.</summary>
    public ImmutableArray<OutsideFailure> Outside => Locked(fold => fold.Outside);

    /// <summary>Adds what was measured in a batch to its attempts.</summary>
    public void Measure(int batch, IReadOnlyCollection<TestEntry> entries, BatchFigures figures)
    {
        lock (_gate)
        {
            var measured = MeasuredRows(batch, entries, figures);
            if (!measured.IsEmpty)
                Add(new BatchMeasured(batch, measured) { At = Now }, entries.First().Assembly);
        }
    }

    /// <summary>Adds the explicit tests as a plain run reports them: as not executed, and below a set-up that threw as failed with
    /// it.</summary>
    public void AddExplicit(IReadOnlyCollection<TestEntry> entries)
    {
        if (entries.Count == 0)
            return;
        var setUps = FailedSetUps.In(Tests);
        foreach (var (entry, index) in entries.SelectMany(entry => Enumerable.Range(0, entry.CaseCount).Select(index => (entry, index))))
        {
            var failure = setUps.Above(entry);
            Settle(entry, index, new TestAttempt
            {
                Outcome = failure?.Outcome ?? TestOutcome.Skipped,
                Worker = -1,
                Batch = 0,
                Number = 1,
                StartedAt = Now,
                Message = failure is null ? "Explicit: it runs only when it is asked for by name." : failure.Message,
                StackTrace = failure?.StackTrace,
            });
        }
    }

    /// <summary>The rows that an entry has so far.</summary>
    public ImmutableArray<TestRecord> RowsSoFar(TestEntry entry) =>
        Locked(fold => fold.Rows.Of(RefOf(entry)).Select(row => row.ToRecord()).ToImmutableArray());

    public int RowCount(TestEntry entry) => Locked(fold => fold.Rows.Of(RefOf(entry)).Count);

    /// <summary>Failing rows of an entry will not be tried again after a batch.</summary>
    /// <returns>How many there are.</returns>
    public int SettleFailures(TestEntry entry, int batch)
    {
        lock (_gate)
        {
            var failed = _fold.Rows.Of(RefOf(entry)).Where(row => row.HasFailedIn(batch)).ToList();
            foreach (var row in failed)
                Add(new FailureSettled(RefOf(entry), row.Number) { At = Now }, entry.Assembly);
            return failed.Count;
        }
    }

    /// <summary>Serves callers that know no recorder.</summary>
    public void IncidentHappened(Incident incident) => Report(incident.Kind, incident.Message, incident.Worker);

    public void Report(string kind, string message, int? worker = null) => Add(new IncidentReported(kind, message, worker) { At = Now });

    /// <param name="bound">How many reruns the run may have.</param>
    public void ReportRerunsUsedUp(int bound) => Report(
        IncidentKinds.RerunsUsedUp,
        $"The {Quantity.Of(bound, "rerun")} that this run may have in all (5 % of its tests, at least 10) are used up: what fails from here on is not run again, so that a flaky test counts as failed. Repair first what fails most; --test-only-failed runs these tests again, with reruns of their own.");

    /// <summary>Tells which quarantines are over, so that nobody wonders why a failure counts again.</summary>
    public void ReportExpiredQuarantine()
    {
        foreach (var test in quarantine.Expired)
        {
            Report(IncidentKinds.QuarantineExpired, string.Create(
                CultureInfo.InvariantCulture,
                $"The quarantine of {test.Test} ended on {test.Expires:yyyy-MM-dd} ({test.Reason}): its failures count again. Repair the test, or give the entry a later date."));
        }
    }

    public ImmutableArray<TestRecord> Tests => Locked(fold => fold.Tests);

    public ImmutableArray<BatchRecord> Batches => Locked(fold => fold.Batches);

    /// <summary>Counts one more try of what failed before a batch could run.</summary>
    public void CountRetry(string cause, bool succeeded) => Add(new PreparationRetried(cause, succeeded) { At = Now });

    /// <summary>What the events so far come to, if the run ends so.</summary>
    /// <param name="finishedAt">Null: now.</param>
    public RunRecord ToRecord(RunEnd end, DateTimeOffset? finishedAt = null) => Locked(fold => fold.ToRecord(end, finishedAt ?? Now));

    private TestOutcome Add(
        TestEntry entry, string name, int occurrence, TestAttempt attempt, ImmutableArray<KeyValuePair<string, string>> traits,
        bool isFinal, bool isQuiet, bool isOfHost)
    {
        lock (_gate)
        {
            var test = RefOf(entry);
            var row = _fold.Rows.Of(test).FirstOrDefault(row => row.Name == name && row.Occurrence == occurrence);
            var ended = new AttemptEnded
            {
                At = Now,
                Test = test,
                Row = row?.Number ?? _fold.Rows.NextNumber(test),
                Occurrence = occurrence,
                ClassName = entry.ClassName,
                MethodName = entry.MethodName,
                Name = name,
                AdapterName = isOfHost ? null : TestNames.UnlikeAdapter(entry),
                Traits = traits,
                SourceFile = entry.SourceFile,
                Line = entry.Line,
                Quarantine = quarantine.ReasonFor(entry.ClassName, entry.MethodName, name),
                Attempt = _texts.Keep(attempt) with { Number = (row?.Attempts.Count ?? 0) + 1 },
                IsFinal = isFinal,
                IsQuiet = isQuiet,
            };
            Add(ended, entry.Assembly);
            return _fold.RowOf(test, ended.Row).Outcome;
        }
    }

    private ImmutableArray<MeasuredRow> MeasuredRows(int batch, IEnumerable<TestEntry> entries, BatchFigures figures)
    {
        var sameNames = new Dictionary<(string ClassName, string Name), int>();
        var measured = ImmutableArray.CreateBuilder<MeasuredRow>();
        foreach (var entry in entries)
        {
            foreach (var row in _fold.Rows.Of(RefOf(entry)).Where(row => row.HasAttemptIn(batch)))
            {
                ref var occurrence = ref CollectionsMarshal.GetValueRefOrAddDefault(sameNames, (entry.ClassName, row.Name), out _);
                if (figures.Find(entry, row.Name, row.Occurrence, occurrence++) is { } found && row.IsMeasuredIn(batch))
                    measured.Add(new MeasuredRow(RefOf(entry), row.Number, found));
            }
        }

        return measured.ToImmutable();
    }

    private void Publish(RunEvent happened)
    {
        _fold.Apply(happened);
        journal?.Append(happened);
        observer.Happened(happened);
        happened.TellTo(observer, _fold);
    }

    // Two of one key came from machines that number them differently.
    private string KeyOf(TestAssembly assembly)
    {
        var key = assembly.Key;
        for (var ordinal = 1; _assemblies.ContainsValue(key); ordinal++)
            key = (assembly with { Ordinal = ordinal }).Key;
        return key;
    }

    private T Locked<T>(Func<RunFold, T> read)
    {
        lock (_gate)
            return read(_fold);
    }

    private static TestRef RefOf(TestEntry entry) => new(entry.Assembly, entry.Id);
}
