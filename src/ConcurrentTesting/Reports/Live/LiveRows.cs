namespace ConcurrentTesting.Reports.Live;

/// <summary>The rows of a run that goes on, and which of them changed last, for readers that are not too far behind; a reader that is
/// further behind reads all. So nothing waits for a reader, and nothing is kept for one. Not thread-safe.</summary>
internal sealed class LiveRows
{
    /// <summary>The changes that a reader may be behind.</summary>
    public const int Remembered = 4096;

    private readonly TestRows _fold = new();
    private readonly List<(TestRef Test, int Row)> _places = [];
    private readonly Dictionary<(TestRef Test, int Row), int> _numbers = [];
    private readonly HashSet<int> _open = [];
    private readonly int[] _changed = new int[Remembered];

    /// <summary>How often a row was added or changed.</summary>
    public long Changes { get; private set; }

    /// <summary>How often rows were taken away, after which every reader begins anew.</summary>
    public int Generation { get; private set; }

    /// <summary>The numbers that were given.</summary>
    public int Count => _places.Count;

    /// <summary>The tests with a row that failed.</summary>
    public IReadOnlySet<TestRef> Failed => _places.Select(place => place.Test).Distinct().Where(_fold.HasFailed).ToHashSet();

    public void Apply(RunEvent happened)
    {
        switch (happened)
        {
            case AttemptEnded ended:
                Add(ended);
                break;
            case FailureSettled settled when _numbers.TryGetValue((settled.Test, settled.Row), out var number):
                _open.Remove(number);
                Change(number);
                break;
            case BatchMeasured measured:
                Measure(measured);
                break;
            case RowsSuperseded superseded:
                Supersede(superseded);
                break;
            case BatchDropped dropped:
                _fold.Drop(dropped.Batch);
                Generation++;
                break;
        }
    }

    /// <summary>Null where there is none left.</summary>
    public LiveRow? Of(int number) =>
        number >= 0 && number < _places.Count && _fold.Find(_places[number].Test, _places[number].Row) is { } row
            ? new LiveRow(number, row.ToRecord(), !_open.Contains(number))
            : null;

    /// <summary>The rows that changed since; null where nobody knows that.</summary>
    public ImmutableArray<LiveRow>? ChangedSince(long changes)
    {
        if (Changes - changes > Remembered)
            return null;
        var numbers = new SortedSet<int>();
        for (var change = changes; change < Changes; change++)
            numbers.Add(_changed[change % Remembered]);
        return Of(numbers);
    }

    public ImmutableArray<LiveRow> Of(IEnumerable<int> numbers) => [.. numbers.Select(Of).OfType<LiveRow>()];

    private void Add(AttemptEnded ended)
    {
        _fold.Add(ended);
        if (!_numbers.TryGetValue((ended.Test, ended.Row), out var number))
        {
            _numbers.Add((ended.Test, ended.Row), number = _places.Count);
            _places.Add((ended.Test, ended.Row));
        }

        if (ended.IsFinal)
            _open.Remove(number);
        else
            _open.Add(number);
        Change(number);
    }

    private void Measure(BatchMeasured measured)
    {
        foreach (var found in measured.Rows)
        {
            if (_fold.Find(found.Test, found.Row) is not { } row)
                continue;
            row.Measure(measured.Batch, found);
            Change(_numbers[(found.Test, found.Row)]);
        }
    }

    private void Supersede(RowsSuperseded superseded)
    {
        _fold.Supersede(superseded);
        for (var row = 0; row < _fold.NextNumber(superseded.Test); row++)
        {
            if (_numbers.TryGetValue((superseded.Test, row), out var number))
                Change(number);
        }

        Generation++;
    }

    private void Change(int number) => _changed[Changes++ % Remembered] = number;
}
