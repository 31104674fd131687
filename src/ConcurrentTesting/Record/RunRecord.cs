using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

internal enum TestOutcome
{
    Passed,
    Failed,
    Skipped,

    /// <summary>Asked for and without a result: it never ran, or its process died.</summary>
    Error,

    /// <summary>Ended by the watchdog.</summary>
    TimedOut,
}

/// <summary>Causes of attempts that are no batch's reason.</summary>
internal static class AttemptCauses
{
    /// <summary>The run was stopped before the test could run.</summary>
    public const string NotRun = "not-run";

    /// <summary>The test had begun when the time of its worker or the run ended, and nothing tried it again.</summary>
    public const string Unfinished = "unfinished";

    /// <summary>The test process died while the test was the only one in it.</summary>
    public const string Crashed = "crash";

    /// <summary>The test did not come to its end, for no reason of its own.</summary>
    public static bool IsWithoutEnd(string? cause) => cause is NotRun or Unfinished;
}

/// <summary>One execution of a test on a worker. Missing figures are null, never zero.</summary>
internal sealed record TestAttempt
{
    public required TestOutcome Outcome { get; init; }
    public required int Worker { get; init; }

    /// <summary>The batch it ran in, counted over the whole run; see <see cref="BatchRecord.Number"/>.</summary>
    public required int Batch { get; init; }

    /// <summary>1 for the first.</summary>
    public required int Number { get; init; }

    public string? Database { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public TimeSpan Duration { get; init; }
    public string? Message { get; init; }
    public string? StackTrace { get; init; }
    public string? StandardOutput { get; init; }
    public string? StandardError { get; init; }

    /// <summary>Why there was this attempt, or why it is no test's own: one of <see cref="BatchReasons"/> or <see cref="AttemptCauses"/>;
    /// null for the first.</summary>
    public string? Cause { get; init; }

    /// <summary>Which of the runs that were asked for it belongs to, from 1; null where the test was to run once.</summary>
    public int? Round { get; init; }

    /// <summary>What it did to the databases, and its memory; null where it was not measured.</summary>
    public TestFigures? Figures { get; init; }

    /// <summary>Files the test attached, absolute.</summary>
    public ImmutableArray<string> Attachments { get; init; } = [];

    /// <summary>It is of an earlier attempt of the CI host's pipeline, which a later one was to make good; only a merge knows.</summary>
    [JsonIgnore]
    public bool IsEarlier { get; init; }
}

/// <summary>A test that was flaky before: in so many of its earlier runs.</summary>
internal sealed record KnownFlaky(int Runs, int OfRuns);

/// <summary>One result row: a test case, or one of several data rows of a case. One of its attempts decides.</summary>
internal sealed record TestRecord
{
    private const int MostRepeatsTold = 10;

    /// <summary><c>&lt;assembly&gt; (&lt;tfm&gt;)/&lt;namespace.class.method(row)&gt;</c>; not unique where a suite has
    /// duplicates.</summary>
    public required string Id { get; init; }

    public required TestAssembly Assembly { get; init; }

    /// <summary>VSTest's id of the test case, which data rows share.</summary>
    public required Guid CaseId { get; init; }

    /// <summary>Tells the rows of a case apart while the run goes on.</summary>
    public int Row { get; init; }

    public required string ClassName { get; init; }
    public required string MethodName { get; init; }

    /// <summary>Method and row, as people read it.</summary>
    public required string Name { get; init; }

    /// <summary>What the adapter calls a test that gave no result; null where that follows from the names above.</summary>
    public string? AdapterName { get; init; }

    public required ImmutableArray<TestAttempt> Attempts
    {
        get;
        init
        {
            field = value;
            Final = DecidingAttempt.Of(value)!;
        }
    }

    public ImmutableArray<KeyValuePair<string, string>> Traits { get; init; } = [];
    public string? SourceFile { get; init; }
    public int? Line { get; init; }

    /// <summary>Why and until when a failure of this test is muted; null where it is not.</summary>
    public string? Quarantine { get; init; }

    /// <summary>It is no test but what failed outside of tests; see <see cref="OutsideFailure"/>.</summary>
    public bool IsOutside { get; init; }

    /// <summary>Namespace, class, method and row in one name.</summary>
    public string FullName => IsOutside ? Name : TestNames.Full(ClassName, Name);

    /// <summary>How often it was flaky in earlier runs; null where it was not.</summary>
    public KnownFlaky? KnownFlaky { get; init; }

    /// <summary>The attempt that decides; see <see cref="DecidingAttempt"/>.</summary>
    public TestAttempt Final { get; private init; } = null!;

    /// <summary>What reports tell beside <see cref="Final"/>: all other attempts, and of a test that was to run several times some that
    /// failed.</summary>
    public IEnumerable<TestAttempt> Others => Attempts.Length == 1 ? []
        : Repeats is null ? Attempts.Where(attempt => !ReferenceEquals(attempt, Final))
        : Attempts.Where(attempt => DecidingAttempt.IsFailure(attempt) && !ReferenceEquals(attempt, Final)).Take(MostRepeatsTold);

    /// <summary>How often it ran and failed where it was to run several times; null: once.</summary>
    public RepeatCount? Repeats => Attempts is [.., { Round: not null }] ? RepeatCount.Of(Attempts) : null;

    /// <summary>The final attempt's outcome; a muted failure counts as skipped.</summary>
    public TestOutcome Outcome => DecidingAttempt.OutcomeOf(Final, Quarantine);

    /// <summary>It failed, and its failure is muted.</summary>
    public bool IsMuted => Outcome != Final.Outcome;

    /// <summary>Failed at first and passed in the end.</summary>
    public bool IsFlaky => HasOthers && Outcome == TestOutcome.Passed && Attempts.Any(IsFailure);

    /// <summary>Whether it is flaky by this attempt of the pipeline alone.</summary>
    public bool IsFlakyNow =>
        HasOthers && Outcome == TestOutcome.Passed && Attempts.Any(attempt => IsFailure(attempt) && !attempt.IsEarlier);

    // Most tests have one attempt, which decides.
    private bool HasOthers => Attempts.Length > 1;

    private static bool IsFailure(TestAttempt attempt) => attempt.Outcome is TestOutcome.Failed or TestOutcome.TimedOut;
}

/// <summary>One run of a test host: tests of one assembly on one worker.</summary>
internal sealed record BatchRecord
{
    public required int Number { get; init; }
    public required int Worker { get; init; }
    public required TestAssembly Assembly { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required TimeSpan Duration { get; init; }

    /// <summary>Result rows that arrived.</summary>
    public required int Tests { get; init; }

    /// <summary>Why it exists: <c>plan</c>, <c>tail</c>, <c>requeue</c>, <c>rerun</c>.</summary>
    public required string Reason { get; init; }

    public string? Database { get; init; }

    /// <summary>VSTest's own TRX file, absolute; null where the host died before it wrote one.</summary>
    public string? TrxFile { get; init; }

    /// <summary>What the host said was wrong; null where it ended well.</summary>
    public string? Error { get; init; }

    /// <summary>The coverage files that its collectors left, absolute; null where none was asked for.</summary>
    public ImmutableArray<string>? Coverage { get; init; }

    /// <summary>Everything that its test processes did, in tests, fixtures and outside of both; null where that was not measured.</summary>
    public TestFigures? Figures { get; init; }

    /// <summary>How often its test processes opened connections to each database, by name or SQLite's file; null where that was not
    /// measured.</summary>
    public ImmutableArray<OpenedDatabase>? Opened { get; init; }

    /// <summary>The part of <see cref="Duration"/> from the begin of the test process to the first test and after the last: loading and
    /// what tests share; null where that was not seen.</summary>
    public TimeSpan? BesideTests { get; init; }

    /// <summary>What its test processes computed while its tests ran; null where that was not seen, or not for long enough.</summary>
    public ComputedTime? Computed { get; init; }

    /// <summary>The part of <see cref="Figures"/> that set-ups and tear-downs caused that several tests share.</summary>
    public TestFigures? Fixtures { get; init; }
}

/// <summary>Something that the user should know and that is not a test's result.</summary>
/// <param name="Kind">A stable word: <c>session-died</c>, <c>unasked-result</c>, <c>timings-damaged</c> …</param>
internal sealed record Incident(DateTimeOffset At, string Kind, string Message, int? Worker = null);

/// <summary>One worker over the whole run.</summary>
internal sealed record WorkerRecord(int Number, DateTimeOffset StartedAt, TimeSpan Duration, TimeSpan Busy, int Batches, int Tests)
{
    /// <summary>The value of <see cref="NotStarted"/> where nothing was said against the worker.</summary>
    public const string NothingLeft = "no work was left for it";

    /// <summary>How often its session and databases were replaced after a share of work
    /// (<see cref="ConcurrentTestSettings.MaxOperations"/>).</summary>
    public int Recycles { get; init; }

    /// <summary>The part of <see cref="Duration"/> in which it waited for its databases.</summary>
    public TimeSpan Cloning { get; init; }

    /// <summary>The part of <see cref="Duration"/> in which it started its sessions.</summary>
    public TimeSpan Starting { get; init; }

    /// <summary>How often it got fresh databases between batches or classes (<see cref="ConcurrentTestSettings.Reset"/>).</summary>
    public int Resets { get; init; }

    /// <summary>The machine that it was on; null where the run was on one.</summary>
    public string? Machine { get; init; }

    /// <summary>Why it never took any work, so that nothing was started for it; null: it was started.</summary>
    public string? NotStarted { get; init; }

    /// <summary>The time from taking its first batch to its first test; null where it had none.</summary>
    public TimeSpan? FirstTest { get; init; }
}

/// <summary>What test processes computed in a time.</summary>
/// <param name="Cpu">Of all their threads; more than <paramref name="Seen"/> where tests compute in parallel.</param>
internal sealed record ComputedTime(TimeSpan Seen, TimeSpan Cpu);

/// <summary>What the databases of a run came to; null figures were not measured.</summary>
internal sealed record DatabaseRecord
{
    /// <summary><c>sqlite</c>, <c>postgresql</c>, <c>mysql</c>.</summary>
    public required string Engine { get; init; }

    public string? Template { get; init; }
    public string? Fingerprint { get; init; }
    public bool? TemplateHit { get; init; }
    public TimeSpan? TemplateTime { get; init; }

    /// <summary>The names of the clones, of which a worker may have several.</summary>
    public ImmutableArray<string> Clones { get; init; } = [];

    /// <summary>For each of <see cref="Clones"/>, its name among the worker's databases; empty where that is not known.</summary>
    public ImmutableArray<string> CloneOf { get; init; } = [];

    public ImmutableArray<TimeSpan> CloneTimes { get; init; } = [];
    public ImmutableArray<TimeSpan> DropTimes { get; init; } = [];

    /// <summary>What the server counted in each clone, as they were dropped.</summary>
    public ImmutableArray<DatabaseStatistics> Statistics { get; init; } = [];

    /// <summary>Databases that stay because a test failed in them.</summary>
    public ImmutableArray<KeptRecord> Kept { get; init; } = [];

    /// <summary>One line for each guard that an override kept quiet: its name and what it found.</summary>
    public ImmutableArray<string> Overrides { get; init; } = [];

    /// <summary>Named counts: <c>health_checks_ok</c>, <c>retries</c>, <c>leaked</c> …</summary>
    public ImmutableSortedDictionary<string, long> Counts { get; init; } = ImmutableSortedDictionary<string, long>.Empty;
}

/// <summary>A database that outlives the run.</summary>
/// <param name="Test">The test that failed in it.</param>
/// <param name="How">A command that opens it.</param>
internal sealed record KeptRecord(string Name, string Test, string How);

/// <summary>The single truth about a run: which results exist and how they ended. Every report is a pure function of it and of the TRX
/// files.</summary>
internal sealed record RunRecord
{
    public required string RunId { get; init; }
    public required ConcurrentTestSettings Settings { get; init; }

    /// <summary>The name of the machine that ran it, for reports that name one.</summary>
    public string Machine { get; init; } = Environment.MachineName;

    public required int Seed { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset FinishedAt { get; init; }
    /// <summary>False where the run left the last one's artifacts in place instead of writing its own.</summary>
    public bool HasArtifacts { get; init; } = true;

    public required ConcurrentTestExitCode ExitCode { get; init; }

    /// <summary>One line that says why the exit code is what it is.</summary>
    public required string Reason { get; init; }

    /// <summary>Cases discovered and asked for.</summary>
    public required int Discovered { get; init; }

    /// <summary>Explicit tests that nobody asked for; each is in <see cref="Tests"/> as skipped, and not in
    /// <see cref="Discovered"/>.</summary>
    public int Explicit { get; init; }

    /// <summary>Cases that were discovered and did not fit into the time that was given; they are in no other figure.</summary>
    public int LeftOut { get; init; }

    public required ImmutableArray<TestRecord> Tests
    {
        get;
        init
        {
            field = value;
            Totals = TestTotals.Of(value);
        }
    }

    /// <summary>Failures outside of tests: clean-ups, ends of test processes, errors of adapters. They count as failed, and are no
    /// results.</summary>
    public ImmutableArray<OutsideFailure> Outside
    {
        get;
        init
        {
            field = value;
            OutsideEntries = [.. value.Select(failure => failure.ToTestRecord())];
        }
    }
    = [];

    /// <summary>How the tests ended in earlier runs, by their ids, the oldest first.</summary>
    public ImmutableDictionary<string, ImmutableArray<PastResult>> History { get; init; } =
        ImmutableDictionary<string, ImmutableArray<PastResult>>.Empty;

    /// <summary>The run that this one is held against (<see cref="ConcurrentTestSettings.CompareFile"/>); null: none.</summary>
    public ComparedRun? Compared { get; init; }

    public required ImmutableArray<BatchRecord> Batches { get; init; }
    public required ImmutableArray<WorkerRecord> Workers { get; init; }
    public required ImmutableArray<Incident> Incidents { get; init; }

    /// <summary>The workers that something was started for.</summary>
    public IEnumerable<WorkerRecord> StartedWorkers => Workers.Where(worker => worker.NotStarted is null);

    public DatabaseRecord? Database { get; init; }

    /// <summary>What the tests covered; null where that was not collected.</summary>
    public CoverageRecord? Coverage { get; init; }

    /// <summary>The part of the tests that this machine ran; null: all.</summary>
    public ShardRecord? Shard { get; init; }

    /// <summary>The parts that it was merged from; empty where one machine ran it.</summary>
    public ImmutableArray<PartRecord> Parts { get; init; } = [];

    /// <summary>What was tried again before a batch could run, by what it was; <see cref="RetryCounts"/> has the rest.</summary>
    public ImmutableSortedDictionary<string, RetryCount> PreparationRetries { get; init; } =
        ImmutableSortedDictionary<string, RetryCount>.Empty;

    /// <summary>One line for each guard that an override kept quiet: its name and what it found.</summary>
    public ImmutableArray<string> Overrides { get; init; } = [];

    /// <summary>The longest test or what has to stay together, or the work shared evenly over the workers, whichever is longer.</summary>
    public TimeSpan LowerBound { get; init; }

    /// <summary>How many workers had next to nothing to do, and why; null: none.</summary>
    public string? Idle { get; init; }

    /// <summary>What cost the run most where it took much longer than its tests had to; null where it was efficient.</summary>
    public string? Lost { get; init; }

    /// <summary>Share of the tests whose duration was known before the run, 0 to 1.</summary>
    public double KnownTimings { get; init; }

    /// <summary>Seconds of wall time by phase, see <see cref="PhaseNames"/>.</summary>
    public ImmutableSortedDictionary<string, double> Phases { get; init; } = ImmutableSortedDictionary<string, double>.Empty;

    /// <summary>When they went on; empty in a merged run, whose machines went through them each for itself.</summary>
    public ImmutableArray<PhaseSpan> PhaseSpans { get; init; } = [];

    /// <summary>What the workers did beside their tests, and when.</summary>
    public ImmutableArray<WorkSpan> WorkSpans { get; init; } = [];

    /// <summary>Of several machines, the time in which none ran: a part may be tried again the next day.</summary>
    public TimeSpan Between { get; init; }

    /// <summary>From its start to its end.</summary>
    public TimeSpan Span => FinishedAt - StartedAt;

    public TimeSpan Wall => Span - Between;

    /// <summary>The lower bound as a share of the time from the first worker's start to the last one's end, 0 to 1; null where nothing
    /// ran.</summary>
    public double? Efficiency { get; init; }

    public TestTotals Totals { get; private init; }
    public int Passed => Totals.Passed;
    public int Skipped => Totals.Skipped;
    public int Failed => Tests.Length - Passed - Skipped + Outside.Count(failure => !failure.IsFlaky);
    public int Flaky => Totals.Flaky + Outside.Count(failure => failure.IsFlaky);

    /// <summary>What failed outside of tests as if it were tests.</summary>
    public ImmutableArray<TestRecord> OutsideEntries { get; private init; } = [];

    /// <summary>The tests, and what failed outside of tests: what reports list.</summary>
    public ImmutableArray<TestRecord> Entries =>
        OutsideEntries.IsEmpty ? Tests : [.. Tests, .. OutsideEntries.Where(entry => !entry.IsFlaky)];

    /// <summary>The tests and outside entries that failed at first and ended well.</summary>
    public IEnumerable<TestRecord> FlakyEntries =>
        (Totals.Flaky == 0 ? [] : Tests).Concat(OutsideEntries).Where(entry => entry.IsFlaky);

    /// <summary>The entries that neither passed nor were skipped.</summary>
    public IEnumerable<TestRecord> FailedEntries => Failed == 0
        ? []
        : Entries.Where(entry => entry.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped));

    /// <summary>The tests whose failure is muted.</summary>
    public IEnumerable<TestRecord> Muted => Totals.Muted == 0 ? [] : Tests.Where(test => test.IsMuted);

    /// <summary>The tests that were running as the run was stopped, and count as skipped.</summary>
    public IEnumerable<TestRecord> Unfinished => Skipped == 0 ? [] : Tests.Where(
        test => test.Final is { Outcome: TestOutcome.Skipped, Cause: AttemptCauses.Unfinished });

    /// <summary>What all attempts took, one after another.</summary>
    public TimeSpan TestTime => Totals.Time;
}
