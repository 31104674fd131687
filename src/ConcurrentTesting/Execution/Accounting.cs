using System.Collections.Frozen;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Execution;

/// <summary>How a batch ended, as far as accounting needs to know.</summary>
internal sealed record BatchEnd
{
    public required Batch Batch { get; init; }
    public required int Worker { get; init; }

    /// <summary>Result rows that arrived, by entry.</summary>
    public required IReadOnlyDictionary<TestEntry, int> Rows { get; init; }

    /// <summary>Entries with a failing row.</summary>
    public required IReadOnlySet<TestEntry> Failed { get; init; }

    /// <summary>Those of <see cref="Failed"/> whose failure the infrastructure caused.</summary>
    public IReadOnlySet<TestEntry> Infrastructure { get; init; } = FrozenSet<TestEntry>.Empty;

    /// <summary>Those of <see cref="Failed"/> that failed for a reason of their own, whatever the infrastructure did besides.</summary>
    public IReadOnlySet<TestEntry> OfTheirOwn { get; init; } = FrozenSet<TestEntry>.Empty;

    /// <summary>Entries that skipped themselves after another had failed: that may be why.</summary>
    public IReadOnlySet<TestEntry> Skipped { get; init; } = FrozenSet<TestEntry>.Empty;

    /// <summary>What was running when the host died.</summary>
    public required IReadOnlySet<TestEntry> Active { get; init; }

    /// <summary>Entries with results that may have had more rows to give: nothing says that they had run to their end.</summary>
    public IReadOnlySet<TestEntry> Unclosed { get; init; } = FrozenSet<TestEntry>.Empty;

    /// <summary>Entries to run again because the infrastructure failed a clean-up of theirs.</summary>
    public IReadOnlySet<TestEntry> OfFailedCleanUps { get; init; } = FrozenSet<TestEntry>.Empty;

    /// <summary>What the watchdog ended.</summary>
    public required IReadOnlySet<TestEntry> TimedOut { get; init; }

    /// <summary>When the tests that were running began.</summary>
    public IReadOnlyDictionary<TestEntry, DateTimeOffset> Began { get; init; } = FrozenDictionary<TestEntry, DateTimeOffset>.Empty;

    /// <summary>What went wrong with the host; null where it ended well.</summary>
    public required string? Fault { get; init; }

    /// <summary>When the last test that gave a result began; null where none gave one.</summary>
    public DateTimeOffset? LastStart { get; init; }

    /// <summary>How the test process ended itself; null where it did not, or nothing tells.</summary>
    public string? OwnEnd { get; init; }

    /// <summary>The infrastructure failed the exception that ended the process, so no test is to blame.</summary>
    public bool IsEndForgiven { get; init; }

    /// <summary>How a test failed that was running when its process ended itself.</summary>
    public string Story => OwnEnd is null ? Fault ?? ""
        : Fault?.Contains(TestProcess.Crashed, StringComparison.Ordinal) == true
            ? $"{OwnEnd}\n{LastWords.Stack(LastWords.In(Fault) ?? "")}".TrimEnd()
        : $"{OwnEnd.TrimEnd('.')}{(OwnEnd.EndsWith('…') ? "" : ".")} {Fault}";

    /// <summary>The console died by itself, for which no test is to blame.</summary>
    public bool IsConsoleGone { get; init; }

    /// <summary>The test process said that the infrastructure failed.</summary>
    public bool IsDeclared { get; init; }

    /// <summary>A test process had started, so what ran in it brought it down.</summary>
    public bool HadTestProcess { get; init; }
}

/// <summary>A result that no test host gave: decided here, with its story.</summary>
internal sealed record SettledTest(TestEntry Entry, TestOutcome Outcome, string Message);

/// <summary>What follows from a batch's end: every entry of it either has its results, is settled, or is in a batch to run again.</summary>
internal sealed record BatchVerdict(ImmutableArray<Batch> Again, ImmutableArray<SettledTest> Settled)
{
    /// <summary>Tests that failed in the batch, whether or not they run again.</summary>
    public ImmutableArray<TestEntry> Failed { get; init; } = [];

    /// <summary>How many tests it reruns because they failed; what skipped itself behind them comes along and costs nothing.</summary>
    public int Reruns { get; init; }

    /// <summary>How many reruns the run had, told once with the first test that gets none; null: some are left, or it was told.</summary>
    public int? RerunsUsedUp { get; init; }

    /// <summary>Tests that the batch left without all their results and that run again for that.</summary>
    public ImmutableArray<TestEntry> Open { get; init; } = [];

    public IEnumerable<TestEntry> RunsAgain => Again.SelectMany(batch => batch.Entries);
}

/// <summary>Decides what happens to every entry of a batch that ended: no entry is lost, and none runs for ever. A test that was running
/// when its process died is tried once alone, and the other tests run elsewhere. A test without a result in a run that ended well is asked
/// for once more by name, and again after each run that may have stopped at a failure. Failing tests are rerun within their
/// budget. Tests that need each other come back together.</summary>
internal sealed class Accounting(
    IReadOnlyDictionary<TestEntry, double> predictions, int rerunsPerTest, int rerunsInAll, RetryBudget? retries = null,
    IReadOnlySet<TestEntry>? repeated = null)
{
    // After this many ends without any result the batch is split to find the test that kills it; a batch of one test is given up.
    private const int TriesUntilSplit = 2;

    // A suite all of whose processes die must end in minutes, not in hours.
    private const int SplitsInAll = 100;

    private readonly Lock _gate = new();
    private readonly Dictionary<TestEntry, int> _reruns = [];
    private readonly HashSet<TestEntry> _diedByName = [];
    private int _rerunsUsed;
    private bool _areRerunsUsedUp;
    private IReadOnlyDictionary<TestEntry, double> _predictions = predictions;
    private int _rerunsInAll = rerunsInAll;
    private int _splitsLeft = SplitsInAll;

    /// <summary>Other machines have used up the reruns.</summary>
    /// <returns>Whether that is news.</returns>
    public bool UseUpReruns()
    {
        lock (_gate)
            return _areRerunsUsedUp != (_areRerunsUsedUp = true);
    }

    /// <summary>How often failing tests may run again in the whole run.</summary>
    public int RerunsInAll
    {
        get
        {
            lock (_gate)
                return _rerunsInAll;
        }
    }

    /// <summary>The plan is known: all tests, and how many reruns they are worth.</summary>
    public void Know(IReadOnlyDictionary<TestEntry, double> predictions, int rerunsInAll)
    {
        lock (_gate)
            (_predictions, _rerunsInAll, _areRerunsUsedUp) = (predictions, rerunsInAll, false);
    }

    public BatchVerdict Judge(BatchEnd told)
    {
        var end = told with { TimedOut = told.TimedOut.Where(entry => !IsWhole(told, entry)).ToHashSet() };
        var (again, settled) = end.Fault is null ? AfterGoodEnd(end) : AfterFault(end);
        settled.AddRange(end.TimedOut.Select(entry => new SettledTest(entry, TestOutcome.TimedOut, "")));
        var skipped = Closed(end, end.Skipped.Except(end.Failed)).ToLookup(ClassBatches.GroupOf);
        var retry = RetryOf(end, skipped);
        if (retry is not null)
            again.Add(retry);
        lock (_gate)
        {
            var (wereUsedUp, before) = (_areRerunsUsedUp, _rerunsUsed);
            again.AddRange(Reruns(end, retry, skipped));
            again = WithNeeded(end, again);
            return new BatchVerdict([.. again], [.. settled])
            {
                Open = [.. again.Where(batch => batch.Reason is BatchReasons.Alone or BatchReasons.Requeue)
                    .SelectMany(batch => batch.Entries).Where(entry => IsOpen(end, entry))],
                Failed = [.. end.Failed, .. end.Active, .. end.TimedOut],
                Reruns = _rerunsUsed - before,
                RerunsUsedUp = _areRerunsUsedUp && !wereUsedUp ? _rerunsInAll : null,
            };
        }
    }

    /// <summary>What was used of a test's budgets.</summary>
    public (int Reruns, int Retries) TriesOf(TestEntry entry)
    {
        lock (_gate)
            return (_reruns.GetValueOrDefault(entry), retries?.Used(entry) ?? 0);
    }

    /// <summary>Remembers how much of a test's budgets was used on other machines.</summary>
    public void Remember(TestEntry entry, int reruns, int retried)
    {
        lock (_gate)
            _reruns[entry] = Math.Max(_reruns.GetValueOrDefault(entry), reruns);
        retries?.Remember(entry, retried);
    }

    /// <summary>Remembers how many reruns there were on all machines.</summary>
    public void RememberAll(int reruns)
    {
        lock (_gate)
            _rerunsUsed = Math.Max(_rerunsUsed, reruns);
    }

    private (List<Batch> Again, List<SettledTest> Settled) AfterGoodEnd(BatchEnd end)
    {
        var lost = end.Batch.Entries.Where(
            entry => Rows(end, entry) < entry.CaseCount && !end.TimedOut.Contains(entry) && !HasResultsOfBefore(end, entry)).ToList();
        if (lost.Count == 0)
            return ([], []);
        // A suite that stops at its first failure, as xunit's stopOnFail says, has more to give.
        var mayHaveStopped = end.Failed.Count > 0 && lost.Count < end.Batch.Entries.Length;
        if (end.Batch.Reason == BatchReasons.ByName && !mayHaveStopped)
            return ([], lost.ConvertAll(entry => Lost(entry, Rows(end, entry), NotFound(Rows(end, entry)))));
        var failed = lost.FindAll(entry => HasFailedForGood(end, entry));
        lost.RemoveAll(failed.Contains);
        return (
            lost.Count > 0 ? [Make(end, lost, BatchReasons.ByName, end.Batch.FruitlessTries)] : [],
            failed.ConvertAll(entry => Lost(entry, Rows(end, entry), "it has failed, and what is asked for again would replace that")));
    }

    private (List<Batch> Again, List<SettledTest> Settled) AfterFault(BatchEnd end)
    {
        var open = end.Batch.Entries.Where(entry => IsOpen(end, entry)).ToList();
        if (open.Count == 0)
            return ([], []);

        var failed = open.FindAll(entry => HasFailedForGood(end, entry));
        open.RemoveAll(failed.Contains);
        var suspects = open.Where(end.Active.Contains).ToList();
        var rest = open.Where(entry => !end.Active.Contains(entry)).ToList();
        var (again, settled) = suspects.Count > 0 ? Suspected(end, suspects, rest) : rest.Count > 0 ? Unexplained(end, rest) : ([], []);
        settled.AddRange(failed.Select(entry => Died(end, entry, "The test process died after this test had failed")));
        return (again, settled);
    }

    // Another try of the whole test would replace the failure that one of its rows had.
    private bool HasFailedForGood(BatchEnd end, TestEntry entry) =>
        end.OfTheirOwn.Contains(entry) && (rerunsPerTest == 0 || repeated?.Contains(entry) == true);

    private (List<Batch> Again, List<SettledTest> Settled) Suspected(BatchEnd end, List<TestEntry> suspects, List<TestEntry> rest)
    {
        var died = DiedForGood(end, suspects);
        suspects.RemoveAll(entry => entry == died?.Entry);
        List<TestEntry> open = [.. suspects, .. rest];
        var again = new List<Batch>();
        foreach (var entry in suspects)
        {
            again.Add(Make(end, [entry], BatchReasons.Alone, TriesOf(end, entry, open)) with
            {
                Suspect = entry,
                Interrupted = (end.Worker, end.Began.TryGetValue(entry, out var began) ? began : null),
            });
        }

        if (rest.Count > 0)
            again.Insert(0, Make(end, rest, BatchReasons.Requeue));
        return (again, died is null ? [] : [died]);
    }

    // Tests that need each other and end their processes in turn would go on for ever. How often a larger batch was split says nothing of
    // them.
    private static int TriesOf(BatchEnd end, TestEntry suspect, List<TestEntry> open) =>
        suspect.Need is null || BatchReasons.IsFirst(end.Batch.Reason) || IsFewer(end, open) ? 0
            : end.Batch.Suspect is null ? Math.Min(end.Batch.FruitlessTries, TriesUntilSplit) + 1
            : end.Batch.FruitlessTries + 1;

    private SettledTest? DiedForGood(BatchEnd end, List<TestEntry> suspects)
    {
        if (suspects is [var only] && HasFailedItsTime(end, only))
            return Died(end, only, "The test process died while this test ran");
        if (end.Batch.Reason != BatchReasons.Alone)
        {
            return suspects.Find(entry => HasDiedByName(end, entry)) is { } named
                ? Died(end, named, "The test process died while this test ran, twice, the second time asked for by its name")
                : null;
        }

        if (suspects.Find(end.Batch.Suspect!.Equals) is { } suspect)
        {
            return IsWorthAnotherTry(end, suspect)
                ? null
                : Died(end, suspect, $"The test process died while this test ran, twice, the second time alone on worker {end.Worker}");
        }

        return end.Batch.FruitlessTries > 2 * end.Batch.Entries.Length
            ? Died(end, suspects[0], "The test process died again and again while tests that need each other ran, at last during this one")
            : null;
    }

    // By its id it gives nothing, so it is asked for by its name again and again.
    private bool HasDiedByName(BatchEnd end, TestEntry entry)
    {
        if (end.Batch.Reason != BatchReasons.ByName)
            return false;
        lock (_gate)
            return !_diedByName.Add(entry);
    }

    // Each time of a repeated test counts (AskedTests.IsRepeated), so a later pass does not take back that it ended its process.
    private bool HasFailedItsTime(BatchEnd end, TestEntry entry) =>
        repeated?.Contains(entry) == true && end is { OwnEnd: not null, IsEndForgiven: false }
        && (end.Began.ContainsKey(entry) || !end.Unclosed.Contains(entry));

    private static SettledTest Died(BatchEnd end, TestEntry entry, string how)
    {
        var rows = Rows(end, entry) is > 0 and var arrived ? $"\n{Quantity.Of(arrived, "row")} arrived before the process died." : "";
        return new SettledTest(entry, TestOutcome.Failed, $"{how}: {end.Story}{rows}");
    }

    private bool IsWorthAnotherTry(BatchEnd end, TestEntry entry) => end.IsConsoleGone && retries?.TryTake(entry, end.Batch.Round) == true;

    // Nothing tells which test killed the process: the batch is halved until the culprit is alone and the other tests have run elsewhere.
    private (List<Batch> Again, List<SettledTest> Settled) Unexplained(BatchEnd end, List<TestEntry> open)
    {
        if (IsFewer(end, open))
            return ([Make(end, open, BatchReasons.Requeue)], []);

        var tries = end.Batch.FruitlessTries + 1;
        if (tries < TriesUntilSplit)
            return ([Make(end, open, BatchReasons.Requeue, tries)], []);

        // Of tests that need each other none may run without the others, so all of them are given up.
        var groups = open.GroupBy(entry => (object?)entry.Need ?? entry).ToList();
        return groups.Count == 1 || !TakeSplit()
            ? ([], open.ConvertAll(entry => GivenUp(end, entry, tries)))
            : ([Half(groups[..(groups.Count / 2)]), Half(groups[(groups.Count / 2)..])], []);

        Batch Half(IEnumerable<IEnumerable<TestEntry>> half) =>
            Make(end, half.SelectMany(group => group), BatchReasons.Requeue, tries);
    }

    private static SettledTest GivenUp(BatchEnd end, TestEntry entry, int tries) => end.Batch.Entries.Length == 1 && end.HadTestProcess
        ? new SettledTest(
            entry, TestOutcome.Failed,
            $"The test process died {Quantity.Of(tries, "time")} while this test was the only one in it, last on worker {end.Worker}: {end.Story}")
        : Lost(entry, 0,
            $"its test host died {Quantity.Of(tries, "time")} before giving a result, last on worker {end.Worker}: {end.Fault}");

    // Less comes back than ran.
    private static bool IsFewer(BatchEnd end, List<TestEntry> open) =>
        open.Count + NeededBy(end, open).Count() < end.Batch.Entries.Length;

    private bool TakeSplit() => Interlocked.Decrement(ref _splitsLeft) >= 0;

    // Tests that a server's restart failed come back in one batch, after a wait that grows. A test that failed for a reason of its own does
    // not come back, because its failure would be replaced.
    private Batch? RetryOf(BatchEnd end, ILookup<string, TestEntry> skipped)
    {
        var entries = Closed(end, end.Failed.Where(end.Infrastructure.Contains).Union(end.OfFailedCleanUps).Except(end.OfTheirOwn))
            .Where(entry => retries?.TryTake(entry, end.Batch.Round) == true).ToList();
        return entries.Count == 0
            ? null
            : Make(end, WithSkipped(end, entries, skipped), BatchReasons.Retry) with
            {
                Delay = entries.Max(entry => retries!.DelayOf(entry, end.Batch.Round)),
            };
    }

    // A test may have skipped itself because of the failure that is tried again: it comes in its place behind what failed.
    private static IEnumerable<TestEntry> WithSkipped(BatchEnd end, List<TestEntry> failed, ILookup<string, TestEntry> skipped)
    {
        var all = failed.Concat(failed.Select(ClassBatches.GroupOf).Distinct().SelectMany(group => skipped[group])).ToHashSet();
        return all.Count == failed.Count ? failed : end.Batch.Entries.Where(all.Contains);
    }

    // Tests that are still open or lack results are left out: they run again anyway, or are settled.
    private static IEnumerable<TestEntry> Closed(BatchEnd end, IEnumerable<TestEntry> entries) => entries.Where(
        entry => !end.TimedOut.Contains(entry)
            && (end.Fault is null ? Rows(end, entry) >= entry.CaseCount || HasResultsOfBefore(end, entry) : !IsOpen(end, entry)));

    private IEnumerable<Batch> Reruns(BatchEnd end, Batch? retry, ILookup<string, TestEntry> skipped)
    {
        var entries = Closed(end, end.Failed).Where(
            entry => retry?.Entries.Contains(entry) != true && repeated?.Contains(entry) != true && TakeRerun(entry));
        var left = skipped.SelectMany(group => group).Except(retry?.Entries ?? []).ToLookup(ClassBatches.GroupOf);
        return entries.GroupBy(ClassBatches.GroupOf).SelectMany(group => left.Contains(group.Key)
            ? [Make(end, WithSkipped(end, [.. group], left), BatchReasons.Rerun)]
            : group.Select(entry => Make(end, [entry], BatchReasons.Rerun)));
    }

    // A test that needs others, or that others need, is not itself without them. So all that need each other come back in one batch, those
    // with good results too. A failure that nothing tries again stays out, because it would be replaced.
    private List<Batch> WithNeeded(BatchEnd end, List<Batch> again)
    {
        var needs = again.SelectMany(batch => batch.Entries).Select(entry => entry.Need).OfType<string>().Distinct().ToList();
        foreach (var need in needs)
        {
            var parts = again.Where(batch => batch.Entries.Any(Needs)).OrderBy(Rank).ToList();
            var coming = parts.SelectMany(batch => batch.Entries).Where(Needs).ToList();
            var companions = NeededBy(end, coming).Where(Needs).ToList();
            again = again.ConvertAll(batch => !parts.Contains(batch) ? batch
                : ReferenceEquals(batch, parts[0]) ? Filled(batch, [.. batch.Entries, .. coming, .. companions]) with
                {
                    Companions = [.. batch.Companions, .. companions],
                    Delay = parts.Max(part => part.Delay),
                    IsRetry = parts.Exists(part => part.IsRetry),
                }
                : Filled(batch, batch.Entries.Where(entry => !Needs(entry)).ToHashSet()));
            again.RemoveAll(batch => batch.Entries.IsEmpty);

            bool Needs(TestEntry entry) => entry.Need == need;
        }

        return again;

        Batch Filled(Batch batch, HashSet<TestEntry> entries)
        {
            var made = Make(end, end.Batch.Entries.Where(entries.Contains), batch.Reason);
            return batch with { Entries = made.Entries, Seconds = made.Seconds, ExclusiveGroups = made.ExclusiveGroups };
        }
    }

    // By their names all of them run, by their ids only some.
    private static int Rank(Batch batch) => Array.IndexOf(
        [BatchReasons.ByName, BatchReasons.Alone, BatchReasons.Requeue, BatchReasons.Retry, BatchReasons.Rerun], batch.Reason);

    // What has its results, needs one of these or is needed by it, and may run again.
    private static IEnumerable<TestEntry> NeededBy(BatchEnd end, List<TestEntry> back)
    {
        var needs = back.Select(entry => entry.Need).OfType<string>().ToHashSet();
        return Closed(end, end.Batch.Entries).Where(
            entry => entry.Need is { } need && needs.Contains(need) && !back.Contains(entry) && !end.Failed.Contains(entry));
    }

    private bool TakeRerun(TestEntry entry)
    {
        var used = _reruns.GetValueOrDefault(entry);
        if (used >= rerunsPerTest)
            return false;
        _areRerunsUsedUp |= _rerunsUsed >= _rerunsInAll;
        if (_areRerunsUsedUp)
            return false;

        _reruns[entry] = used + 1;
        _rerunsUsed++;
        return true;
    }

    // A test that was still running when the host died may have more rows, and so may a test whose number of rows is not known.
    private static bool IsOpen(BatchEnd end, TestEntry entry) =>
        !end.TimedOut.Contains(entry) && !HasResultsOfBefore(end, entry)
        && (Rows(end, entry) < entry.CaseCount || end.Active.Contains(entry) || end.Unclosed.Contains(entry));

    // It came along for the sake of others and did not begin again.
    private static bool HasResultsOfBefore(BatchEnd end, TestEntry entry) =>
        end.Batch.Companions.Contains(entry) && Rows(end, entry) == 0 && !end.Active.Contains(entry);

    // All of the test's rows arrived before its process was ended, so it did not run too long: its end was only told late.
    private static bool IsWhole(BatchEnd end, TestEntry entry) => entry.HasKnownRows && Rows(end, entry) >= entry.CaseCount;

    private static int Rows(BatchEnd end, TestEntry entry) => end.Rows.GetValueOrDefault(entry);

    private static string NotFound(int rows) =>
        $"asked by id and then by name, the test host ended well without {(rows == 0 ? "it" : "the rest")}; "
        + "where a name changes from process to process (a GUID, a date, random data in a row), give the row a stable one";

    private static SettledTest Lost(TestEntry entry, int rows, string story) => new(
        entry,
        TestOutcome.Error,
        rows == 0 ? $"The test was asked for and gave no result: {story}."
            : $"The test was asked for {Quantity.Of(entry.CaseCount, "time")} and gave {Quantity.Of(rows, "result")}: {story}.");

    private Batch Make(BatchEnd end, IEnumerable<TestEntry> entries, string reason, int fruitless = 0)
    {
        var made = BatchOf.Entries(
            end.Batch.Assembly, entries.Select(entry => (entry, _predictions.GetValueOrDefault(entry))), reason, end.Worker);
        return made with
        {
            FruitlessTries = fruitless,
            Round = end.Batch.Round,
            ExclusiveGroups = [.. made.ExclusiveGroups, .. end.Batch.ExclusiveGroups.Where(ExclusiveGroup.IsOfTimes)],
        };
    }
}
