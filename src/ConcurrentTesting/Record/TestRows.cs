namespace ConcurrentTesting.Record;

/// <summary>The rows that the tests of a run have so far. An attempt is added to its row; a row's last attempt decides.</summary>
internal sealed class TestRows
{
    private readonly Dictionary<TestRef, Rows> _tests = [];

    /// <summary>All rows, always in the same order, which means nothing.</summary>
    public IEnumerable<TestRecord> All => _tests.Values.SelectMany(test => test.Current).Select(row => row.ToRecord());

    public IReadOnlyList<RowFold> Of(TestRef test) => _tests.TryGetValue(test, out var rows) ? rows.Current : [];

    /// <summary>The number of a test's next new row: those that are rows no more count.</summary>
    public int NextNumber(TestRef test) => _tests.TryGetValue(test, out var rows) ? rows.Next : 0;

    public void Add(AttemptEnded ended)
    {
        if (!_tests.TryGetValue(ended.Test, out var rows))
            _tests.Add(ended.Test, rows = new Rows());
        if (rows.Find(ended.Row) is not { } row)
        {
            rows.Current.Add(row = new RowFold(ended));
            rows.Next = Math.Max(rows.Next, ended.Row + 1);
        }

        row.Add(ended.Attempt);
    }

    public RowFold? Find(TestRef test, int row) => _tests.TryGetValue(test, out var rows) ? rows.Find(row) : null;

    public void Supersede(RowsSuperseded superseded)
    {
        if (!_tests.TryGetValue(superseded.Test, out var rows))
            return;
        var batch = superseded.Batch;
        var round = RoundOf(rows.Current, batch);
        var given = rows.Current.FindAll(row => row.LastOf(round)?.Batch == batch);
        var older = rows.Current.FindAll(row => row.LastOf(round) is { } last && last.Batch != batch);
        if (given.Count == 0 || older.Count == 0)
            return;
        var takers = given.FindAll(row => row.Attempts.All(attempt => attempt.Round != round || attempt.Batch == batch));
        takers = takers.Count > 0 ? takers : given;
        for (var index = 0; index < older.Count; index++)
            takers[Math.Min(index, takers.Count - 1)].InsertBefore(batch, older[index].TakeOut(round));
        rows.Current.RemoveAll(row => row.Attempts.Count == 0);
    }

    public void Drop(int batch)
    {
        foreach (var rows in _tests.Values)
        {
            rows.Current.ForEach(row => row.Drop(batch));
            rows.Current.RemoveAll(row => row.Attempts.Count == 0);
        }
    }

    /// <summary>A batch gave some rows of the test, and others have their last attempt of the same time in another batch.</summary>
    public bool IsSuperseding(TestRef test, int batch)
    {
        var rows = Of(test);
        var round = RoundOf(rows, batch);
        return rows.Any(row => row.LastOf(round)?.Batch == batch)
            && rows.Any(row => row.LastOf(round) is { } last && last.Batch != batch);
    }

    private static int? RoundOf(IReadOnlyList<RowFold> rows, int batch) =>
        rows.FirstOrDefault(row => row.HasAttemptIn(batch))?.RoundOf(batch);

    /// <summary>A failure that is muted speaks for nothing else.</summary>
    public bool HasFailed(TestRef test) => Of(test).Any(row => row.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped));

    /// <summary>A test that skipped itself has not; one of several rows may have.</summary>
    public bool HasPassed(TestRef test) => Of(test).Any(row => row.Outcome == TestOutcome.Passed);

    private sealed class Rows
    {
        public List<RowFold> Current { get; } = [];

        public int Next { get; set; }

        public RowFold? Find(int number) => number < Next ? Current.FindLast(row => row.Number == number) : null;
    }
}
