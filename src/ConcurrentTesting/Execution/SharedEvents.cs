using ConcurrentTesting.Queue;

namespace ConcurrentTesting.Execution;

/// <summary>What happens on one of several machines, as the others are to know it: the results of each batch, and what happened beside
/// batches.</summary>
internal sealed class SharedEvents : IRunObserver
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _running = [];
    private readonly Dictionary<int, List<RunEvent>> _ofBatches = [];
    private readonly Dictionary<int, LeaseTaken> _prepared = [];
    private readonly List<RunEvent> _others = [];
    private int _told;

    public void Happened(RunEvent happened)
    {
        lock (_gate)
        {
            if (happened is BatchStarted started)
            {
                _running[started.Worker] = started.Number;
                _ofBatches[started.Number] = _prepared.Remove(started.Worker, out var prepared) ? [prepared] : [];
            }
            else if (happened is LeaseTaken lease)
            {
                _prepared[lease.Worker] = lease;
            }
            else if (BatchOf(happened) is { } batch)
            {
                _ofBatches.GetValueOrDefault(batch)?.Add(happened);
            }
            else if (IsBeside(happened))
            {
                _others.Add(happened);
            }
        }
    }

    /// <summary>The worker's batch is over.</summary>
    /// <returns>Its number and what came of it; null: it did not begin.</returns>
    public (int Number, ImmutableArray<RunEvent> Events)? End(int worker)
    {
        lock (_gate)
            return _running.Remove(worker, out var number) && _ofBatches.Remove(number, out var events) ? (number, [.. events]) : null;
    }

    /// <summary>What happened beside batches.</summary>
    public ImmutableArray<RunEvent> Others
    {
        get
        {
            lock (_gate)
                return [.. _others];
        }
    }

    /// <summary>What happened beside batches and may not be told yet: a machine that is killed tells no more.</summary>
    public QueueBeside Untold(EventLines lines)
    {
        int first;
        ImmutableArray<RunEvent> events;
        lock (_gate)
            (first, events) = (_told, [.. _others.Skip(_told)]);
        return new QueueBeside(first, [.. events.Select(happened => lines.Write([happened]))], [.. events.Select(IsGood)]);
    }

    /// <summary>The queue has it.</summary>
    public void Told(QueueBeside beside)
    {
        lock (_gate)
            _told = Math.Max(_told, beside.Next);
    }

    private static bool IsGood(RunEvent happened) => happened is not OutsideFailed { Failure.IsFlaky: false };

    private int? BatchOf(RunEvent happened) => happened switch
    {
        AttemptEnded ended => ended.Attempt.Batch,
        BatchMeasured measured => measured.Batch,
        BatchEnded ended => ended.Batch.Number,
        OutsideFailed { Failure.Workers: [var worker, ..] } => RunningOn(worker),
        IncidentReported { Worker: { } worker } => RunningOn(worker),
        _ => null,
    };

    private int? RunningOn(int worker) => _running.TryGetValue(worker, out var batch) ? batch : null;

    // Events that concern one machine alone are not told.
    private static bool IsBeside(RunEvent happened) =>
        happened is OutsideFailed or IncidentReported or WorkerEnded or PhaseEnded or PreparationRetried or DatabasesChanged or CloneMade
            or CloneRead or CloneKept or CloneDropped or DatabasesCounted;
}
