namespace ConcurrentTesting.Scheduling;

/// <summary>The batches that are left to run. Workers pull: each its own seed first, then the shared tail and what came back, and in the
/// end what others have not begun. What is reserved for a worker that hangs is everybody's. The queue ends when nothing is left and nothing
/// is out that could still come back.</summary>
internal sealed class BatchQueue
{
    private readonly Lock _gate = new();
    private readonly List<Batch>[] _seeds;
    private readonly List<Batch> _shared;
    private readonly List<Batch> _running = [];
    private readonly HashSet<int> _gone = [];
    private readonly double _worthStealing;
    private readonly WorkerStarts? _starts;
    private bool _closed;
    private readonly TaskCompletionSource _planned = NewSignal();
    private TaskCompletionSource _changed = NewSignal();

    /// <param name="worthStealing">
    /// Batches of another worker's seed that are expected to be shorter, in seconds, stay where they are, unless that worker is overdue;
    /// infinite: all of them stay, whatever happens.
    /// </param>
    /// <param name="starts">Whether workers begin that have run nothing yet, and which are overdue; null: all begin, and none is.</param>
    public BatchQueue(Plan plan, double worthStealing, WorkerStarts? starts = null)
    {
        _seeds = [.. plan.Seeds.Select(seed => seed.ToList())];
        _shared = [.. plan.Tail];
        _worthStealing = worthStealing;
        _starts = starts;
        _planned.SetResult();
    }

    /// <summary>A queue without a plan, which does not end before it has one.</summary>
    public BatchQueue(int workers, double worthStealing, WorkerStarts starts)
    {
        _seeds = [.. Enumerable.Range(0, workers).Select(_ => new List<Batch>())];
        _shared = [];
        _worthStealing = worthStealing;
        _starts = starts;
    }

    /// <summary>Completes when the plan is known.</summary>
    public Task Planned => _planned.Task;

    /// <summary>What is to begin before the plan is known.</summary>
    public void AddEarly(IEnumerable<Batch> batches)
    {
        lock (_gate)
        {
            _shared.AddRange(batches);
            Signal();
        }
    }

    /// <summary>The plan of the rest.</summary>
    public void Seed(Plan plan)
    {
        lock (_gate)
        {
            for (var worker = 0; worker < plan.Seeds.Length; worker++)
                (worker >= _seeds.Length || _gone.Contains(worker) ? _shared : _seeds[worker]).AddRange(plan.Seeds[worker]);
            _shared.AddRange(plan.Tail);
            _starts?.Know(plan.KnownTimings);
            Signal();
            _planned.TrySetResult();
        }
    }

    /// <summary>The next batch for a worker; waits while others hold work that may come back; null when all is done.</summary>
    public async ValueTask<Batch?> TakeAsync(int worker, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                ShareOverdue();
                if (TakeNow(worker) is { } batch)
                {
                    _starts?.Take(worker, batch);
                    _running.Add(batch);

                    // Those who wait have to wake when this one is overdue.
                    Signal();
                    return batch;
                }

                if (_closed || (_planned.Task.IsCompleted && _running.Count == 0 && IsEmpty))
                    return null;
                changed = _changed.Task;
            }

            await WaitAsync(changed, cancellationToken);
        }
    }

    /// <summary>Gives a batch back as done, with what has to run again.</summary>
    public void Complete(Batch batch, IEnumerable<Batch> again)
    {
        lock (_gate)
        {
            _running.Remove(batch);
            _starts?.Complete(batch);
            _shared.AddRange(again);
            Signal();
        }
    }

    /// <summary>A worker stopped for good: what it alone would have run is everybody's now.</summary>
    public void Leave(int worker)
    {
        lock (_gate)
            LeaveNow(worker);
    }

    /// <summary>A worker's first test begins: what its start took may let others begin, or not.</summary>
    public void Started(int worker, TimeSpan took)
    {
        lock (_gate)
        {
            _starts?.Started(worker, took);
            Signal();
        }
    }

    /// <summary>The same as <see cref="Leave"/>, unless nobody else would be left.</summary>
    /// <returns>Whether the worker is to stop.</returns>
    public bool TryLeave(int worker)
    {
        lock (_gate)
        {
            if ((_starts?.Count ?? _seeds.Length - _gone.Count) <= 1)
                return false;
            LeaveNow(worker);
            return true;
        }
    }

    /// <summary>Ends the queue and yields what nobody will run.</summary>
    public IReadOnlyList<Batch> Close()
    {
        lock (_gate)
        {
            _closed = true;
            var left = _seeds.SelectMany(seed => seed).Concat(_shared).ToList();
            Array.ForEach(_seeds, seed => seed.Clear());
            _shared.Clear();
            Signal();
            return left;
        }
    }

    private void LeaveNow(int worker)
    {
        _gone.Add(worker);
        _starts?.Leave(worker);
        _shared.AddRange(_seeds[worker]);
        _seeds[worker].Clear();
        _closed |= _gone.Count == _seeds.Length;
        Signal();
    }

    private async Task WaitAsync(Task changed, CancellationToken cancellationToken)
    {
        if (_starts is null)
        {
            await changed.WaitAsync(cancellationToken);
            return;
        }

        try
        {
            await changed.WaitAsync(_starts.UntilOverdue, _starts.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            _starts.Reconsider();
        }
    }

    // A worker that hangs may do so until its test's time is over.
    private void ShareOverdue()
    {
        if (_starts is null || double.IsPositiveInfinity(_worthStealing))
            return;
        foreach (var worker in _starts.Overdue.Where(worker => _seeds[worker].Count > 0))
            ShareSeed(worker);
    }

    private bool IsEmpty => _shared.Count == 0 && _seeds.All(seed => seed.Count == 0);

    private Batch? TakeNow(int worker)
    {
        if (_closed || !MayBegin(worker))
            return null;
        return TakeFirst(_seeds[worker], _ => true)
            ?? TakeFirst(_shared, batch => batch.NotOnWorker != worker && !IsHeldUp(batch))
            ?? TakeFirst(_shared, _ => _running.Count == 0 && _seeds.Length - _gone.Count == 1)
            ?? TakeFirst(LongestOther(worker), batch => batch.Seconds >= _worthStealing);
    }

    // Any worker may take the batches of one that does not begin.
    private bool MayBegin(int worker)
    {
        if (_starts is null || _starts.MayBegin(worker, _seeds.SelectMany(seed => seed).Concat(_shared)))
            return true;
        if (_seeds[worker].Count > 0)
            ShareSeed(worker);
        return false;
    }

    private void ShareSeed(int worker)
    {
        _seeds[worker].ForEach(Share);
        _seeds[worker].Clear();
        Signal();
    }

    // The longest come first; batches that wait for others come last.
    private void Share(Batch batch)
    {
        var index = _shared.FindIndex(other => other.Seconds < batch.Seconds || !other.ExclusiveGroups.IsEmpty);
        _shared.Insert(index < 0 ? _shared.Count : index, batch);
    }

    // A batch that runs beside nothing would never get its turn if further times of tests went on before it.
    private bool IsHeldUp(Batch batch) =>
        batch.Reason == BatchReasons.Repeat && !ExclusiveGroup.IsBesideNothing(batch)
        && (_seeds.Any(seed => seed is [var next, ..] && ExclusiveGroup.IsBesideNothing(next))
            || _shared.TakeWhile(other => !ReferenceEquals(other, batch)).Any(ExclusiveGroup.IsBesideNothing));

    private Batch? TakeFirst(List<Batch> batches, Func<Batch, bool> suits)
    {
        var index = batches.FindIndex(batch => suits(batch) && ExclusiveGroup.MayRunBeside(batch, _running));
        if (index < 0)
            return null;

        var batch = batches[index];
        batches.RemoveAt(index);
        return batch;
    }

    private List<Batch> LongestOther(int worker) =>
        _seeds.Where((_, other) => other != worker).MaxBy(seed => seed.Sum(batch => batch.Seconds)) ?? [];

    private void Signal()
    {
        var signal = _changed;
        _changed = NewSignal();
        signal.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
