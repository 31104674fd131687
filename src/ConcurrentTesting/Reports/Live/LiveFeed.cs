namespace ConcurrentTesting.Reports.Live;

/// <summary>How far somebody has read who watches a run.</summary>
internal sealed class LiveCursor
{
    /// <summary>-1 where nothing was read.</summary>
    public int Generation { get; set; } = -1;

    /// <summary>The next row to read of all; null where all were read.</summary>
    public int? Next { get; set; }

    /// <summary>The changes of rows that were read.</summary>
    public long Changes { get; set; }

    /// <summary>The events that were heard then.</summary>
    public long Events { get; set; }

    public int Batches { get; set; }
    public int Spans { get; set; }
    public int Incidents { get; set; }

    /// <summary>The names that the reader knows by their numbers.</summary>
    public Dictionary<string, int> Classes { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, int> Assemblies { get; } = new(StringComparer.Ordinal);

    public void BeginAnew(int generation, long changes)
    {
        (Generation, Changes, Next) = (generation, changes, 0);
        (Batches, Spans, Incidents) = (0, 0, 0);
        Classes.Clear();
        Assemblies.Clear();
    }
}

/// <summary>What somebody has not read yet.</summary>
/// <param name="IsWhole">It is the begin of all that there is, not what came since.</param>
/// <param name="HasMore">There is more to read at once.</param>
internal sealed record LiveChanges(
    bool IsWhole, bool HasMore, RunStarted Started, RunPlanned? Planned, ImmutableArray<LiveRow> Rows, ImmutableArray<BatchRecord> Batches,
    ImmutableArray<WorkSpan> Spans,
    ImmutableArray<Incident> Incidents, ImmutableArray<OutsideFailure> Outside, ImmutableArray<PhaseSpan> Phases,
    ImmutableArray<PhaseStarted> OpenPhases, ImmutableArray<TestStarted> Running);

/// <summary>Hears a run's events and keeps where it stands, for any number of readers. What it holds grows with the tests of the run and
/// with nothing else; a reader that is too far behind is given all anew. Thread-safe.</summary>
internal sealed class LiveFeed : IRunObserver
{
    // A reader gets this many rows at once, because the run's events wait while it reads.
    private const int MostRows = 2000;

    private readonly Lock _gate = new();
    private readonly LiveRows _rows = new();
    private readonly LiveWork _work = new();
    private readonly LiveFacts _facts = new();
    private long _events;

    public void Happened(RunEvent happened)
    {
        lock (_gate)
        {
            _events++;
            _rows.Apply(happened);
            _work.Apply(happened);
            _facts.Apply(happened);
        }
    }

    public LiveRow? Row(int number)
    {
        lock (_gate)
            return _rows.Of(number);
    }

    public bool HasNews(LiveCursor cursor)
    {
        lock (_gate)
            return _events != cursor.Events;
    }

    /// <summary>What came since the cursor, which is moved behind it; null before the run's first event.</summary>
    public LiveChanges? Read(LiveCursor cursor)
    {
        lock (_gate)
        {
            if (_facts.Started is not { } started)
                return null;
            var isWhole = cursor.Generation != _rows.Generation || _rows.Changes - cursor.Changes > LiveRows.Remembered;
            if (isWhole)
                cursor.BeginAnew(_rows.Generation, _rows.Changes);
            var changes = new LiveChanges(
                isWhole, HasMore(cursor), started, _facts.Planned, RowsFor(cursor), _work.BatchesFrom(cursor.Batches),
                _work.SpansFrom(cursor.Spans), _facts.IncidentsFrom(cursor.Incidents), _facts.Outside(() => _rows.Failed), _work.Phases,
                _work.OpenPhases, _work.Running);
            cursor.Events = _events;
            cursor.Batches += changes.Batches.Length;
            cursor.Spans += changes.Spans.Length;
            cursor.Incidents += changes.Incidents.Length;
            return changes;
        }
    }

    private bool HasMore(LiveCursor cursor) => cursor.Next + MostRows < _rows.Count;

    // A reader gets all rows in their order, and then those that changed meanwhile.
    private ImmutableArray<LiveRow> RowsFor(LiveCursor cursor)
    {
        if (cursor.Next is { } next)
        {
            cursor.Next = HasMore(cursor) ? next + MostRows : null;
            return _rows.Of(Enumerable.Range(next, Math.Min(MostRows, _rows.Count - next)));
        }

        var changed = _rows.ChangedSince(cursor.Changes)!.Value;
        cursor.Changes = _rows.Changes;
        return changed;
    }
}
