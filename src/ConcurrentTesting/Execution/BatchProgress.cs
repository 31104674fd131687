using System.Collections.Frozen;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>One batch while it runs: books each result to its entry as it arrives and knows what is running and since when.</summary>
internal sealed class BatchProgress : IHostEvents
{
    // NUnit's adapter says this between exploring the assembly and running it; the second form is that of versions before 4.
    private static readonly string[] Explored = ["NUnit3TestExecutor discovered", "NUnit3TestExecutor converted"];

    // A host's clock may differ from ours by this much.
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly RunContext _run;
    private readonly Batch _batch;
    private readonly int _worker;
    private readonly int _number;
    private readonly string? _database;
    private readonly Dictionary<Guid, TestEntry> _entries;
    private readonly AskedTests _asked;
    private readonly Dictionary<TestEntry, int> _rows = [];
    private readonly Dictionary<(TestEntry, string), int> _occurrences = [];
    private readonly Dictionary<TestEntry, HostResult> _ofAllRows = [];
    private readonly HashSet<TestEntry> _failed = [];
    private readonly HashSet<TestEntry> _skipped = [];
    private readonly HashSet<TestEntry> _ofTheirOwn = [];
    private readonly Dictionary<TestEntry, (string Cause, string Story)> _infrastructure = [];
    private readonly string _declaration;
    private readonly Dictionary<TestEntry, (long Since, DateTimeOffset At)> _active = [];
    private readonly AdapterErrors _errors;
    private readonly Action _begun;
    private readonly List<AdapterError> _cleanUpResults = [];
    private readonly List<ForeignRow> _foreign = [];
    private readonly HashSet<string> _cleanUpsOfTests = new(StringComparer.Ordinal);
    private readonly long _made;
    private string? _lastError;
    private bool _isExplored;

    // This is the entry that the host named last. Tests run one at a time, so all other entries with results have ended.
    private TestEntry? _latest;
    private long _lastSign;
    private long? _firstTest;
    private long? _lastResult;
    private DateTimeOffset? _lastStart;
    private int _results;

    /// <param name="asked">All tests of the run: what is another test's is not booked here.</param>
    /// <param name="declaration">
    /// The file by which a test process says that the infrastructure failed; see <see cref="InfrastructureFault.FileVariable"/>.
    /// </param>
    /// <param name="begun">Hears when its first test begins.</param>
    public BatchProgress(
        RunContext run, Batch batch, int worker, int number, string? database, AskedTests asked, string declaration, Action begun)
    {
        _begun = begun;
        _declaration = declaration;
        _asked = asked;
        _run = run;
        _batch = batch;
        _worker = worker;
        _number = number;
        _database = database;
        _entries = batch.Entries.ToDictionary(entry => entry.Id);
        _errors = new AdapterErrors(batch.Assembly.Name);
        _lastSign = _made = run.Time.GetTimestamp();
    }

    /// <summary>What the host said was wrong beside its results.</summary>
    public ImmutableArray<AdapterError> Errors
    {
        get
        {
            lock (_gate)
                return [.. _errors.All.Where(error => !_cleanUpsOfTests.Contains(error.Subject)), .. _cleanUpResults];
        }
    }

    /// <summary>Rows that failed and were not discovered.</summary>
    public ImmutableArray<ForeignRow> ForeignRows
    {
        get
        {
            lock (_gate)
                return [.. _foreign];
        }
    }

    /// <summary>The server took no more connections of its tests.</summary>
    public bool MetFullServer
    {
        get
        {
            lock (_gate)
                return _infrastructure.Values.Any(failed => failed.Cause == InfrastructureFault.ServerFull);
        }
    }

    /// <summary>The batch's number in the run.</summary>
    public int Number => _number;

    /// <summary>Result rows that arrived.</summary>
    public int Results => Volatile.Read(ref _results);

    public void ResultArrived(HostResult told)
    {
        lock (_gate)
        {
            var result = WithinBatch(told);
            _lastSign = _run.Time.GetTimestamp();
            if (_firstTest is null)
                Begin(_lastSign - (long)(result.Duration.TotalSeconds * _run.Time.TimestampFrequency));
            _lastResult = _lastSign;
            _lastStart = _lastStart > told.StartedAt ? _lastStart : told.StartedAt;
            if (IsBeside(result.Test))
                return;
            if (Find(result.Test) is { } entry)
            {
                if (AdapterErrors.SubjectOfResult(result.Message) is { } subject)
                    _cleanUpsOfTests.Add(subject);
                if (!IsOfAllRows(entry, result))
                    Book(entry, result);
                else if (result.Outcome == TestOutcome.Failed || !_ofAllRows.ContainsKey(entry))
                    _ofAllRows[entry] = result;
            }
            else
            {
                TellForeign(result);
            }
        }
    }

    public void ActiveTests(IReadOnlyCollection<ToldTest> tests)
    {
        lock (_gate)
        {
            _lastSign = _run.Time.GetTimestamp();
            if (_firstTest is null && tests.Count > 0)
                Begin(_lastSign);
            var at = _run.Recorder.Now;
            var now = tests.Where(test => !IsBeside(test)).Select(Find).OfType<TestEntry>().ToHashSet();
            foreach (var ended in _active.Keys.Where(entry => !now.Contains(entry)).ToArray())
                _active.Remove(ended);
            foreach (var entry in now.Where(entry => _active.TryAdd(entry, (_lastSign, at))))
            {
                _latest = entry;
                _run.Recorder.Add(
                    new TestStarted(
                        _worker, new TestRef(entry.Assembly, entry.Id), entry.ClassName,
                        TestNames.Short(entry.ClassName, entry.DisplayName))
                    { At = at },
                    entry.Assembly);
            }
        }
    }

    /// <summary>The part of a batch's time, from one timestamp to another, that lies before its first test and after its last; null where
    /// it had no test.</summary>
    public TimeSpan? BesideTests(long started, long ended)
    {
        lock (_gate)
        {
            return _firstTest is { } first && _lastResult is { } last
                ? _run.Time.GetElapsedTime(started, Math.Max(started, first)) + _run.Time.GetElapsedTime(Math.Min(last, ended), ended)
                : null;
        }
    }

    public void Message(HostMessageLevel level, string text)
    {
        _run.Log.Log(level == HostMessageLevel.Information ? LogLevel.Trace : LogLevel.Debug, "Worker {Worker}: {Message}", _worker, text);
        lock (_gate)
        {
            _errors.Add(level, text, _run.Recorder.Now);
            _isExplored |= Array.Exists(Explored, said => text.Contains(said, StringComparison.Ordinal));
            if (level == HostMessageLevel.Error)
                _lastError = FirstLine.Marked(text);
        }
    }

    /// <summary>The last error that the host or an adapter told; adapters also tell failing tests this way.</summary>
    public string? LastError
    {
        get
        {
            lock (_gate)
                return _lastError;
        }
    }

    /// <summary>What has been running for longer than allowed.</summary>
    public IReadOnlyList<TestEntry> RunningLongerThan(TimeSpan limit)
    {
        lock (_gate)
            return [.. _active.Where(test => _run.Time.GetElapsedTime(test.Value.Since) > test.Key.Within(limit)).Select(test => test.Key)];
    }

    /// <summary>How long the host may say nothing: a test that tells the results of its rows together is silent while they run.</summary>
    public TimeSpan Patience(TimeSpan limit)
    {
        lock (_gate)
            return _active.Keys.Select(entry => entry.Within(limit)).DefaultIfEmpty(limit).Max();
    }

    /// <summary>What may still be running although the host does not say so: a test that gave results and whose number of rows is not
    /// known.</summary>
    public TestEntry? Unclosed
    {
        get
        {
            lock (_gate)
                return UnclosedNow();
        }
    }

    /// <summary>The host has told of a test.</summary>
    public bool HasBegun
    {
        get
        {
            lock (_gate)
                return _latest is not null;
        }
    }

    /// <summary>NUnit explores the assembly, which takes long where it is large, and says nothing meanwhile.</summary>
    public bool IsExploring
    {
        get
        {
            lock (_gate)
                return _batch.Assembly.Framework == TestFramework.NUnit && _latest is null && !_isExplored;
        }
    }

    /// <summary>The time since the host last said anything.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_gate)
                return _run.Time.GetElapsedTime(_lastSign);
        }
    }

    /// <summary>Reports which tests the infrastructure failed, a line for each cause, and what the test process said of it.</summary>
    public void ReportInfrastructure()
    {
        lock (_gate)
        {
            foreach (var failed in _infrastructure.Where(failed => !_ofTheirOwn.Contains(failed.Key)).GroupBy(failed => failed.Value.Cause))
            {
                _run.Recorder.Report(
                    IncidentKinds.Infrastructure(failed.Key),
                    $"{Quantity.Of(failed.Count(), "test")} failed through no fault of the test itself and will be tried again while retries are left (--test-max-retries); {failed.First().Key.DisplayName}: {failed.First().Value.Story}",
                    _worker);
            }
        }

        if (File.Exists(_declaration))
        {
            _run.Recorder.Report(
                IncidentKinds.InfrastructureDeclared,
                $"A test process said that the infrastructure failed: {FirstLine.Marked(File.ReadAllText(_declaration).Trim())}", _worker);
        }
    }

    public BatchEnd End(string? fault, IReadOnlySet<TestEntry> timedOut)
    {
        lock (_gate)
        {
            if (fault is null)
                BookOfAllRows();
            var unclosed = UnclosedNow() is { } entry && !timedOut.Contains(entry) ? new HashSet<TestEntry> { entry } : [];
            return new BatchEnd
            {
                Batch = _batch,
                Worker = _worker,
                Rows = new Dictionary<TestEntry, int>(_rows),
                Failed = _failed.ToHashSet(),
                Skipped = _skipped.ToHashSet(),
                Infrastructure = _infrastructure.Keys.ToHashSet(),
                OfTheirOwn = _ofTheirOwn.ToHashSet(),

                // A test that declares an infrastructure failure and ends its process is not suspected of having crashed it.
                Active = File.Exists(_declaration)
                    ? FrozenSet<TestEntry>.Empty
                    : _active.Keys.Where(entry => !timedOut.Contains(entry)).Union(unclosed).ToHashSet(),
                Unclosed = unclosed,
                IsDeclared = File.Exists(_declaration),
                TimedOut = timedOut,
                Began = _active.ToDictionary(test => test.Key, test => test.Value.At),
                Fault = fault,
                LastStart = _lastStart,
            };
        }
    }

    private void Begin(long firstTest)
    {
        _firstTest = firstTest;
        _begun();
    }

    private TestEntry? UnclosedNow() => _latest is { HasKnownRows: false } latest && _rows.ContainsKey(latest) ? latest : null;

    // A host tells the explicit tests of what is selected by name as not executed. Nobody asked for them, and none of them may take the
    // place of a row whose id has changed.
    private bool IsBeside(ToldTest test) => test.IsExplicit && _batch.Reason == BatchReasons.ByName && !_entries.ContainsKey(test.Id)
        && !_batch.Entries.Any(entry => entry.IsExplicit);

    private TestEntry? Find(ToldTest test) =>
        _entries.TryGetValue(test.Id, out var entry) ? entry : _batch.Reason == BatchReasons.ByName
            && !_asked.Contains(test.Id) ? FindByName(test) : null;

    // Ids and rows may differ from process to process: a result goes to an entry of its method that still lacks rows, and else to one whose
    // number of rows nobody knows. A companion mostly has an id of its own.
    private TestEntry? FindByName(ToldTest test) =>
        NameMatch.Find(test, _batch, _asked, entry => HasRoom(entry) && !_batch.Companions.Contains(entry))
        ?? NameMatch.Find(test, _batch, _asked, HasRoom)
        ?? NameMatch.Find(test, _batch, _asked, entry => !entry.HasKnownRows);

    private bool HasRoom(TestEntry entry) => _rows.GetValueOrDefault(entry) < entry.CaseCount;

    // A selection by name may run other tests of the run too, which have their results elsewhere.
    private void TellForeign(HostResult result)
    {
        var like = _asked.Contains(result.Test.Id) ? null : NameMatch.Find(result.Test, _batch, _asked, _ => true);
        if (like is not null && IsOurs(result.Test) && result.Outcome == TestOutcome.Failed && CauseOf(result.Message) is null)
        {
            _foreign.Add(new ForeignRow(like, result.DisplayName, result.Message, result.StackTrace));
        }
        else if (like is not null || _batch.Reason != BatchReasons.ByName)
        {
            _run.Recorder.Report(
                IncidentKinds.UnaskedResult,
                $"A result arrived for {result.Test.FullyQualifiedName}, which was not asked for; it is not counted.", _worker);
        }
    }

    // The same fixture with other arguments may belong to another part, which tells its results itself.
    private bool IsOurs(ToldTest test) =>
        _batch.Assembly.Filter is null
        && (_run.Settings.RunsAll || _run.Settings.RunsWholeClasses && _asked.HasClass(_batch.Assembly, test.ClassName));

    // NUnit's adapter tells hours for a test with a thread of its own, because it does not know when the test began. Such a duration would
    // spoil every later plan.
    private HostResult WithinBatch(HostResult result)
    {
        if (result.Duration <= _run.Time.GetElapsedTime(_made) + ClockTolerance)
            return result;
        var duration = _run.Time.GetElapsedTime(_lastSign);
        return result with { StartedAt = _run.Recorder.Now - duration, Duration = duration };
    }

    // MSTest gives one result for all rows of a method that is ignored, or whose class could not be set up, and for those of a source that
    // is ignored. It has no row's name.
    private static bool IsOfAllRows(TestEntry entry, HostResult result) =>
        !entry.RowNames.IsEmpty && result.Outcome != TestOutcome.Passed && result.DisplayName == entry.DisplayName
        && !entry.RowNames.Contains(result.DisplayName) && AdapterErrors.OfResult(result.Message, result.StackTrace) is null;

    // Such a result is that of each row that gave none of its own.
    private void BookOfAllRows()
    {
        foreach (var (entry, result) in _ofAllRows)
        {
            var left = entry.RowNames.Select(name => TestNames.Short(entry.ClassName, name)).ToList();
            var given = _occurrences.Where(row => row.Key.Item1.Equals(entry))
                .SelectMany(row => Enumerable.Repeat(row.Key.Item2, row.Value + 1)).ToList();
            given.ForEach(name => left.Remove(name));
            foreach (var name in left.Take(entry.CaseCount - given.Count))
                Book(entry, result with { DisplayName = name });
        }
    }

    private void Book(TestEntry entry, HostResult result)
    {
        var name = HostAttempt.NameOf(entry, result);
        if (result.Outcome == TestOutcome.Failed && AdapterErrors.OfResult(result.Message, result.StackTrace) is { } cleanUp)
        {
            var isOwn = IsRowOf(entry, name);
            _cleanUpResults.Add(cleanUp with { Fixture = FixtureOf(cleanUp, isOwn ? null : entry.ClassName) });
            if (!isOwn)
                return;

            // MSTest before version 4 blames a clean-up on whichever test the process ran last, so the test passes here.
            result = result with { Outcome = TestOutcome.Passed, Message = null, StackTrace = null };
        }

        _latest = entry;
        _rows[entry] = _rows.GetValueOrDefault(entry) + 1;
        Interlocked.Increment(ref _results);
        var occurrence = _occurrences[(entry, name)] = _occurrences.GetValueOrDefault((entry, name), -1) + 1;
        var attempt = HostAttempt.Of(
            result, _worker, _number, _database, BatchReasons.IsFirst(_batch.Reason) ? null : _batch.Reason, _run.Secrets,
            _asked.RoundOf(entry, _batch.Round));
        var isFinal = attempt.Outcome switch
        {
            TestOutcome.Failed or TestOutcome.Error => !MayRunAgain(entry, attempt),
            TestOutcome.Skipped => !IsStillFailed(entry, name, occurrence, attempt),
            _ => true,
        };
        var outcome = _run.Recorder.Add(entry, name, occurrence, attempt, result.Traits, isFinal);
        if (isFinal && HasFailed(attempt, outcome))
            _run.Stop.CountFailure();
    }

    // MSTest from version 4 on tells a clean-up by one more result, named after it or like the test that came last.
    private bool IsRowOf(TestEntry entry, string name) => entry.HasKnownRows
        ? _rows.GetValueOrDefault(entry) < entry.CaseCount
        : !name.EndsWith(" ClassCleanup]", StringComparison.Ordinal) && !_occurrences.ContainsKey((entry, name))
            && name != TestNames.Short(entry.ClassName, entry.DisplayName);

    // A clean-up's class is told by its short name. Where no test of the batch has such a class, the clean-up may belong to any class.
    private string? FixtureOf(AdapterError cleanUp, string? otherwise)
    {
        if (!cleanUp.Subject.StartsWith("Class", StringComparison.Ordinal))
            return null;
        var type = cleanUp.Subject.Split(' ')[^1].Split('.')[0];
        var classes = _batch.Entries.Select(entry => entry.ClassName).Distinct().Where(
            name => name[(name.LastIndexOfAny(['.', '+']) + 1)..] == type).ToList();
        return classes is [var only] ? only : otherwise;
    }

    // A muted failure is no failure, and an earlier time's failure of a test that runs several times is not this attempt's.
    private static bool HasFailed(TestAttempt attempt, TestOutcome outcome) =>
        attempt.Outcome == TestOutcome.Failed && outcome == TestOutcome.Failed;

    // Only the batch's end decides whether a failing test really runs again.
    private bool MayRunAgain(TestEntry entry, TestAttempt attempt)
    {
        _failed.Add(entry);
        var cause = CauseOf(attempt.Message);
        if (cause is null || _run.Settings.MaxRetries == 0)
            _ofTheirOwn.Add(entry);
        else
            _infrastructure.TryAdd(entry, (cause, FirstLine.Marked(attempt.Message ?? "")));

        return (_run.Settings.Reruns > 0 && !_asked.IsRepeated(entry)) || _infrastructure.ContainsKey(entry);
    }

    // A test that skips itself after it has failed has still failed.
    private bool IsStillFailed(TestEntry entry, string name, int occurrence, TestAttempt attempt)
    {
        var isFailed = !BatchReasons.IsFirst(_batch.Reason) && !_asked.IsRepeated(entry)
            && HasFailedBefore(entry, name, occurrence, attempt);
        if (isFailed)
            _failed.Add(entry);
        else if (_failed.Count > 0)
            _skipped.Add(entry);
        return isFailed;
    }

    // This machine may not know of the latest attempt. Of several rows, another machine does not tell which one failed.
    private bool HasFailedBefore(TestEntry entry, string name, int occurrence, TestAttempt attempt) =>
        _batch.Lease is not null && entry is { HasKnownRows: true, CaseCount: 1 }
            ? _batch.HaveFailed.Contains(entry)
            : _run.Recorder.RowsSoFar(entry).Where(row => row.Name == name).ElementAtOrDefault(occurrence) is { } row
                && !DecidingAttempt.Replaces(attempt, row.Final);

    // Returns null where the failure is the test's own.
    private string? CauseOf(string? message) =>
        InfrastructureFault.CauseOf(message, _run.Settings.Database) ?? (File.Exists(_declaration) ? InfrastructureFault.Declared : null);
}
