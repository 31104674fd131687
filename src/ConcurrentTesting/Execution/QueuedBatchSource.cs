using System.Collections.Concurrent;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>The queue that several machines share, as this machine's workers see it. What a worker takes is leased. Its results are told to
/// the queue in one piece, or not at all where another machine has the lease by then.</summary>
internal sealed class QueuedBatchSource : IBatchSource, IAsyncDisposable
{
    // A machine with this many faulty items in a row has a fault of its own, where other machines' items are good.
    private const int MostFaults = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly RunContext _run;
    private readonly QueueRun _queue;
    private readonly QueuedTests _tests;
    private readonly EventLines _lines;
    private readonly SharedEvents _events;
    private readonly Accounting _accounting;
    private readonly ConcurrentDictionary<long, BatchLease> _held = [];
    private readonly ConcurrentDictionary<int, int> _hosts = [];
    private readonly HashSet<int> _gone = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly CancellationTokenSource _over = new();
    private readonly TimeSpan _exclusiveLimit;
    private readonly Task _beating;
    private int _waiting;
    private volatile bool _isFaulty;

    public QueuedBatchSource(
        RunContext run, QueueRun queue, QueuedTests tests, EventLines lines, SharedEvents events, Accounting accounting, TimeSpan lease)
    {
        (_run, _queue, _tests, _lines, _events, _accounting) = (run, queue, tests, lines, events, accounting);

        // A quarter of the lease is left for ending the test process.
        _exclusiveLimit = lease * 0.75;
        _beating = Task.Run(() => BeatAsync(lease / 4));
    }

    /// <summary>The machine's items were faulty one after another, and those of others were not: it takes no more.</summary>
    public bool IsFaulty => _isFaulty;

    public TimeSpan Latency => TimeSpan.FromSeconds(1);

    public async ValueTask<Batch?> TakeAsync(int worker, CancellationToken cancellationToken)
    {
        try
        {
            return await ClaimAsync(worker, cancellationToken);
        }
        catch (ConcurrentTestException exception)
        {
            _run.Stop.Break(exception.Message);
            return null;
        }
    }

    private async Task<Batch?> ClaimAsync(int worker, CancellationToken cancellationToken)
    {
        while (!_isFaulty && !_over.IsCancellationRequested)
        {
            var asked = _run.Time.GetTimestamp();
            var (claim, state, lost) = await _queue.ClaimAsync(
                worker, _hosts.GetValueOrDefault(worker, -1), [.. _held.Keys], cancellationToken);
            foreach (var (machine, tests) in lost)
            {
                _run.Recorder.Report(
                    IncidentKinds.MachineLost, $"{machine} was not heard of for too long: others may have its {Quantity.Of(tests, "test")} now.");
            }

            _accounting.RememberAll(state.Reruns);
            if (claim is not null)
                return BatchOf(claim, worker, asked);
            if (state.Waiting == 0 || state.Seal is not null)
            {
                // No item that nobody holds and nobody waits for comes back, so this answer counts for all workers.
                await _over.CancelAsync();
                return null;
            }

            await WaitAsync(cancellationToken);
        }

        return null;
    }

    public BatchVerdict Judge(BatchEnd end) => _accounting.Judge(end);

    public async ValueTask CompleteAsync(Batch batch, int worker, BatchVerdict? verdict)
    {
        var lease = batch.Lease!;
        var ran = _events.End(worker);

        // The heartbeat stops for this lease, because its end is told next.
        _held.TryRemove(lease.Number, out _);
        if (!lease.IsTaken && await TryTellAsync(batch, worker, verdict, ran))
            return;
        if (lease.IsTaken || lease.IsDropped)
            _run.Recorder.Report(IncidentKinds.LeaseTaken, LossOf(batch), worker);
        if (ran is { } dropped)
            _run.Recorder.Add(new BatchDropped(dropped.Number) { At = _run.Recorder.Now });
    }

    private static string LossOf(Batch batch)
    {
        var tests = $"{Quantity.Of(batch.CaseCount, "test")} of {batch.Assembly.Source}";
        return batch.Lease!.IsTaken
            ? $"Another machine has {tests} now, because this one was not heard of for too long: what it still said of them does not count."
            : $"The queue did not answer for too long, so this machine has ended {tests}, which nothing may run beside: they run again.";
    }

    /// <returns>Whether what came of the batch counts.</returns>
    private async Task<bool> TryTellAsync(
        Batch batch, int worker, BatchVerdict? verdict, (int Number, ImmutableArray<RunEvent> Events)? ran)
    {
        var lease = batch.Lease!;

        // A machine that stops gives back all that it has as it leaves.
        if (_run.Stop.Token.IsCancellationRequested)
            return false;
        var isAcknowledged = verdict is not null && ran is not null && !lease.IsDropped;
        try
        {
            var answer = isAcknowledged
                ? await AcknowledgeAsync(worker, EndOf(batch, verdict!, ran!.Value))
                : await _queue.GiveBackAsync(worker, lease.Number, isFaulty: !lease.IsDropped, CancellationToken.None);

            // An earlier question, whose answer was lost, may have given the item back already.
            if (isAcknowledged && answer.IsTaken)
                lease.Take();
            Heed(answer, isFaulty: verdict is null || IsFaultyEnd(verdict));
            return isAcknowledged && !answer.IsTaken;
        }
        catch (ConcurrentTestException exception)
        {
            // Nobody knows whether the acknowledgement counts, so the machine must not look as if it did.
            _run.Stop.Break(exception.Message);
            return false;
        }
    }

    private async Task<QueueAnswer> AcknowledgeAsync(int worker, QueueAcknowledgement end)
    {
        var answer = await _queue.AcknowledgeAsync(worker, end, CancellationToken.None);
        if (!answer.IsTaken)
            _events.Told(end.Beside);
        if (answer.Denied > 0 && _accounting.UseUpReruns())
            _run.Recorder.ReportRerunsUsedUp(_accounting.RerunsInAll);
        return answer;
    }

    public void Leave(int worker)
    {
        lock (_gone)
            _gone.Add(worker);
    }

    public bool TryLeave(int worker)
    {
        lock (_gone)
            return _run.Settings.Workers - _gone.Count > 1 && _gone.Add(worker);
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _beating;
        _ended.Dispose();
        _over.Dispose();
    }

    private Batch BatchOf(QueueClaim claim, int worker, long asked)
    {
        _hosts[worker] = claim.Assembly;
        foreach (var tries in claim.Tries)
            _accounting.Remember(_tests.Entries[tries.Test], tries.Reruns, tries.Retries);
        var lease = _held[claim.Lease] = new BatchLease(
            claim.Lease, _run.Time, claim.Groups.IsEmpty ? null : _exclusiveLimit, asked);
        return new Batch
        {
            Assembly = _tests.Assemblies[claim.Assembly],
            Suspect = claim.Suspect is { } suspect ? _tests.Entries[suspect] : null,
            Companions = [.. claim.Companions.Select(test => _tests.Entries[test])],
            Entries = [.. claim.Tests.Select(test => _tests.Entries[test])],
            Seconds = claim.Seconds,
            Reason = claim.Reason,
            FruitlessTries = claim.Fruitless,
            ExclusiveGroups = claim.Groups,
            HaveFailed = [.. claim.Tries.Where(tries => tries.HasFailed).Select(tries => _tests.Entries[tries.Test])],
            Lease = lease,
        };
    }

    // All waiting workers together ask as often as one does.
    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        var waiting = Interlocked.Increment(ref _waiting);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _over.Token);
        try
        {
            await Task.Delay(Pause * Math.Max(1, waiting), _run.Time, ending.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Another worker has heard that the run has nothing left to do.
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    private QueueAcknowledgement EndOf(Batch batch, BatchVerdict verdict, (int Number, ImmutableArray<RunEvent> Events) ran)
    {
        // What skipped itself behind a failure comes along and costs nothing.
        var again = verdict.Again.Select(one => ItemOf(one) with
        {
            Reruns = one.Reason == BatchReasons.Rerun ? one.Entries.Count(verdict.Failed.Contains) : 0,
        }).ToImmutableArray();
        return new QueueAcknowledgement
        {
            Lease = batch.Lease!.Number,
            Events = _lines.Write([.. ran.Events, .. Superseding(batch, verdict, ran.Number)]),
            Results = [.. ResultsOf(ran.Events)],
            Again = again,
            Tries = [.. verdict.RunsAgain.Distinct().Select(TriesOf)],
            Reruns = verdict.Reruns,
            MostReruns = _accounting.RerunsInAll,
            IsGood = !ran.Events.Any(happened => happened is OutsideFailed),
            IsFaulty = IsFaultyEnd(verdict),
            Beside = _events.Untold(_lines),
        };
    }

    // The reader of this event knows the rows that the tests gave on other machines, which this one does not.
    private IEnumerable<RunEvent> Superseding(Batch batch, BatchVerdict verdict, int number)
    {
        if (batch.Reason is BatchReasons.Plan or BatchReasons.Tail or BatchReasons.ByName)
            return [];
        return batch.Entries.Except(verdict.Open)
            .Select(entry => new RowsSuperseded(new TestRef(entry.Assembly, entry.Id), number) { At = _run.Recorder.Now });
    }

    private IEnumerable<QueueResult> ResultsOf(ImmutableArray<RunEvent> events)
    {
        var rows = new Dictionary<int, int>();
        foreach (var ended in events.OfType<AttemptEnded>())
        {
            if (_tests.NumberOf(ended.Test) is not { } test)
                continue;
            var row = rows[test] = rows.GetValueOrDefault(test, -1) + 1;
            yield return new QueueResult(test, row, ended.Attempt.Outcome.ToString());
        }
    }

    private QueueItem ItemOf(Batch again) => new()
    {
        Assembly = _tests.NumberOf(again.Assembly),
        Tests = [.. again.Entries.Select(_tests.NumberOf)],
        Suspect = again.Suspect is { } suspect ? _tests.NumberOf(suspect) : null,
        Companions = [.. again.Companions.Select(_tests.NumberOf)],
        Cases = again.CaseCount,
        Seconds = again.Seconds,
        Reason = again.Reason,
        Fruitless = again.FruitlessTries,
        IsAlone = true,
        Groups = [.. again.ExclusiveGroups.Select(group => QueueText.OfGroup(group, _run.Secrets)).Distinct()],
        NotHere = again.IsRetry,
        DelaySeconds = again.Delay.TotalSeconds,
    };

    private QueueTries TriesOf(TestEntry entry)
    {
        var (reruns, retries) = _accounting.TriesOf(entry);
        return new QueueTries(_tests.NumberOf(entry), reruns, retries);
    }

    private static bool IsFaultyEnd(BatchVerdict verdict) => verdict.Again.Any(again => again.IsRetry);

    private void Heed(QueueAnswer answer, bool isFaulty)
    {
        if (!isFaulty || answer is not { Faults: >= MostFaults, OthersPass: true } || _isFaulty)
            return;
        _isFaulty = true;
        _run.Recorder.Report(
            IncidentKinds.MachineFaulty,
            FormattableString.Invariant($"The infrastructure failed {answer.Faults} batches of this machine one after another, while those of others pass: it leaves the run to them."));
    }

    private async Task BeatAsync(TimeSpan interval)
    {
        try
        {
            using var timer = new PeriodicTimer(interval, _run.Time);
            while (await timer.WaitForNextTickAsync(_ended.Token))
                await BeatAsync();
        }
        catch (OperationCanceledException)
        {
            _run.Log.LogDebug("The machine's heart has stopped with its work");
        }
        catch (Exception exception)
        {
            _run.Stop.Break(exception.Message);
        }
    }

    private async Task BeatAsync()
    {
        int workers;
        lock (_gone)
            workers = _run.Settings.Workers - _gone.Count;
        var (leases, asked) = (_held.ToArray(), _run.Time.GetTimestamp());
        var still = await _queue.HeartbeatAsync(
            Math.Max(1, workers),
            new QueueLeases(
                [.. leases.Select(lease => lease.Key)], [.. leases.Where(lease => lease.Value.HasBegun).Select(lease => lease.Key)],
                _run.Settings.TestTimeout),
            _events.Untold(_lines), _ended.Token);
        foreach (var lease in leases.Where(lease => still.Contains(lease.Key)))
            lease.Value.Renew(asked);
        foreach (var (number, lease) in leases.Where(lease => !still.Contains(lease.Key) && _held.ContainsKey(lease.Key)))
        {
            _run.Log.LogDebug("Lease {Lease} is another machine's now", number);
            lease.Take();
        }
    }
}
