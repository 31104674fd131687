using static System.FormattableString;

namespace ConcurrentTesting.Scheduling;

/// <summary>Decides whether one more worker begins: only while the run would end earlier with it, its start included. What a start costs is
/// what this run's own first starts took; before the first of them, what earlier runs remember. Tests that compute end no earlier by more
/// workers than the machine has cores.</summary>
/// <param name="cores">The machine's cores: no more test hosts start at a time.</param>
/// <param name="known">Share of the tests with a known duration, 0 to 1: guesses must not keep workers idle.</param>
/// <param name="prior">What the start of a worker took in earlier runs, in seconds; null: never measured.</param>
/// <param name="computing">
/// The share of its tests' time in which an assembly's test processes compute, 0 to 1; 0 where nobody has measured it.
/// </param>
/// <param name="obstacle">Why the machine should not have to bear one more, in words for people; null: it can.</param>
internal sealed class WorkerStarts(
    TimeProvider time, int cores, double known, double? prior, Func<TestAssembly, double> computing, Func<string?> obstacle)
{
    private double _known = known;

    // With fewer durations known, a plan is a guess.
    private const double EnoughTimings = 0.5;

    // One start, up to its host's first test, is taken to last this long where nobody has measured it.
    private const double GuessSeconds = 1.0;

    // A gain of less than this is none.
    private const double Least = 0.05;

    // Predictions are never exact: batches that nobody has begun may take this many times as long.
    private const double Caution = 1.5;

    // Predictions err, but what takes this many times as long, and so many seconds more, may well hang.
    private const double Patience = 2;
    private const double MorePatience = 5;
    private const double LongestWait = 3600;

    // A machine computes this long for each result beside its test, half of it in the host, whose worker waits, and half here. For
    // thousands of tests that do nothing it is all of the work.
    private const double ResultSeconds = 0.001;
    private const double HostsPart = 0.5;

    private readonly Lock _gate = new();
    private readonly int _turns = Math.Max(2, cores);
    private readonly Dictionary<int, Begun> _begun = [];
    private readonly Dictionary<int, string> _reasons = [];
    private bool _beginAll;
    private double? _measured;
    private string? _obstacle;

    // The last refusal holds until something happens.
    private string? _denied;

    /// <summary>Every worker begins that has something to do.</summary>
    public static WorkerStarts All(TimeProvider time) => new(time, 1, 0, null, _ => 0, () => null) { _beginAll = true };

    public TimeProvider Time => time;

    /// <summary>The workers that have begun and not left.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
                return _begun.Count;
        }
    }

    /// <summary>Whether a worker that has run nothing yet may begin; once it may not, it may ask again.</summary>
    /// <param name="left">What nobody has begun.</param>
    public bool MayBegin(int worker, IEnumerable<Batch> left)
    {
        lock (_gate)
        {
            if (_begun.ContainsKey(worker))
                return true;
            _denied ??= WhyNot([.. left]);
            if (_denied is not { } reason)
                return true;

            // The most work was left when it was denied first.
            _reasons.TryAdd(worker, reason);
            return false;
        }
    }

    public void Take(int worker, Batch batch)
    {
        lock (_gate)
        {
            _denied = null;
            var isFirst = !_begun.TryGetValue(worker, out var begun);
            _begun[worker] = new Begun(
                isFirst || begun!.IsStarting, time.GetTimestamp(), batch, SecondsOf(batch) + (isFirst ? StartSeconds(Starting) : 0));
        }
    }

    /// <summary>A batch is done.</summary>
    public void Complete(Batch batch)
    {
        lock (_gate)
        {
            _denied = null;
            foreach (var (worker, begun) in _begun.Where(begun => begun.Value.Batch == batch).ToArray())
                _begun[worker] = begun with { Batch = null, IsStarting = false };
        }
    }

    /// <summary>A worker's first test begins, so long after the worker had taken its first batch.</summary>
    public void Started(int worker, TimeSpan took)
    {
        lock (_gate)
        {
            if (!_begun.TryGetValue(worker, out var begun) || !begun.IsStarting)
                return;
            _denied = null;
            _begun[worker] = begun with { IsStarting = false, Since = time.GetTimestamp(), Seconds = SecondsOf(begun.Batch) };
            // The machine's other work only ever adds to a start, so the least is the best known.
            _measured = Math.Min(_measured ?? double.PositiveInfinity, took.TotalSeconds);
        }
    }

    /// <summary>The plan is known, and with it the share of the tests with a known duration.</summary>
    public void Know(double share)
    {
        lock (_gate)
        {
            _denied = null;
            _known = share;
        }
    }

    /// <summary>A worker stops for good.</summary>
    public void Leave(int worker)
    {
        lock (_gate)
        {
            _denied = null;
            _begun.Remove(worker);
        }
    }

    /// <summary>Lets no further worker begin while another is at work.</summary>
    /// <param name="reason">For people.</param>
    public void NoMore(string reason)
    {
        lock (_gate)
        {
            _denied = null;
            _obstacle ??= reason;
        }
    }

    /// <summary>The workers that have had the same batch for much longer than expected.</summary>
    public ImmutableArray<int> Overdue
    {
        get
        {
            lock (_gate)
                return [.. _begun.Where(begun => IsOverdue(begun.Value)).Select(begun => begun.Key)];
        }
    }

    /// <summary>How long until one more worker may be overdue.</summary>
    public TimeSpan UntilOverdue
    {
        get
        {
            lock (_gate)
            {
                var next = _begun.Values.Where(begun => begun.Batch is not null && !IsOverdue(begun)).Select(PatienceLeft);

                // Timers count whole milliseconds.
                return TimeSpan.FromSeconds(0.001 + next.Append(LongestWait).Min());
            }
        }
    }

    /// <summary>Takes back the last refusal: a worker is overdue by now.</summary>
    public void Reconsider()
    {
        lock (_gate)
            _denied = null;
    }

    /// <summary>Why a worker did not begin; null where nothing was said against it.</summary>
    public string? ReasonOf(int worker)
    {
        lock (_gate)
            return _reasons.GetValueOrDefault(worker);
    }

    private double OneStart => _measured ?? prior ?? GuessSeconds;

    private int Starting => _begun.Values.Count(begun => begun.IsStarting);

    // A host does nothing but compute until its first test, so more hosts than cores begin later.
    private double StartSeconds(int starting) => OneStart * (1 + ((double)starting / _turns));

    private string? WhyNot(List<Batch> left)
    {
        if (_beginAll || _begun.Count == 0 || left.Count == 0 || left.Exists(IsForOthers))
            return null;
        if ((_obstacle ?? obstacle()) is { } reason)
            return reason;
        return _known < EnoughTimings ? null : WhyNoEarlier(left);
    }

    // Returns null where the run ends earlier with one more worker.
    private string? WhyNoEarlier(List<Batch> left)
    {
        var start = StartSeconds(Starting);
        var seconds = left.Select(batch => Caution * SecondsOf(batch)).OrderDescending().ToImmutableArray();
        var busy = _begun.Values.Where(begun => !IsOverdue(begun)).Select(Remaining).ToImmutableArray();
        if (busy.IsEmpty)
            return null;
        var (without, with) = (Finish(seconds, busy), Finish(seconds, busy.Add(start)));
        var computed = left.Sum(batch => Caution * ComputedOf(batch)) + _begun.Values.Sum(RemainingToCompute);

        // A start computes too.
        if (Math.Max(with, (computed + OneStart) / cores) < Math.Max(without, computed / cores) - Least)
            return null;
        return with < without - Least
            ? Invariant($"CPU-bound: {Quantity.Of(cores, "core")} had {computed / Caution:0.0} s to compute, whoever computed it")
            : Invariant($"{left.Sum(SecondsOf):0.0} s of tests were left when its start would have taken {start:0.0} s");
    }

    // No worker at work may run the batch again.
    private bool IsForOthers(Batch batch) =>
        _begun.All(begun => begun.Key == batch.NotOnWorker || IsOverdue(begun.Value));

    private double Remaining(Begun begun) =>
        begun.Batch is null ? 0 : Math.Max(0, begun.Seconds - time.GetElapsedTime(begun.Since).TotalSeconds);

    private bool IsOverdue(Begun begun) => begun.Batch is not null && PatienceLeft(begun) <= 0;

    private double PatienceLeft(Begun begun) =>
        (Patience * begun.Seconds) + MorePatience - time.GetElapsedTime(begun.Since).TotalSeconds;

    // A starting host computes, and takes the longer the more hosts do.
    private double RemainingToCompute(Begun begun)
    {
        var all = Remaining(begun);
        var tests = Math.Min(all, SecondsOf(begun.Batch));
        return (tests > 0 ? ComputedOf(begun.Batch!) * tests / SecondsOf(begun.Batch) : 0) + Math.Min(all - tests, OneStart);
    }

    private static double SecondsOf(Batch? batch) =>
        batch is null ? 0 : batch.Seconds + (batch.CaseCount * ResultSeconds * HostsPart);

    private double ComputedOf(Batch batch) => (batch.Seconds * computing(batch.Assembly)) + (batch.CaseCount * ResultSeconds);

    /// <summary>When the last of these batches is done, each given to the worker that is free first.</summary>
    private static double Finish(ImmutableArray<double> longestFirst, ImmutableArray<double> busy)
    {
        var free = new PriorityQueue<double, double>(busy.Select(seconds => (seconds, seconds)));
        foreach (var seconds in longestFirst)
        {
            var end = free.Dequeue() + seconds;
            free.Enqueue(end, end);
        }

        return free.UnorderedItems.Max(worker => worker.Element);
    }

    /// <param name="IsStarting">Its first test has not begun.</param>
    /// <param name="Batch">What it runs; null: nothing.</param>
    /// <param name="Seconds">What that is expected to take, from <paramref name="Since"/>.</param>
    private sealed record Begun(bool IsStarting, long Since, Batch? Batch, double Seconds);
}
