namespace ConcurrentTesting.Reports.Trx;

/// <summary>An attempt and the test it belongs to.</summary>
internal sealed record RecordedAttempt(TestRecord Test, TestAttempt Attempt)
{
    public bool IsFinal => ReferenceEquals(Attempt, Test.Final);
}

/// <summary>The attempts of one batch that still look for their row in the batch's TRX file. The record knows no execution ids, so a row is
/// found by test id and name; among several of one name by outcome and start, since neither side keeps them in order.</summary>
internal sealed class BatchAttempts
{
    // This stands for the name of a row whose name is unknown: any test of its id will do.
    private const string AnyName = "";

    private readonly HashSet<RecordedAttempt> _open = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(Guid, string), List<RecordedAttempt>> _named = [];
    private readonly List<TrxRow> _leftRows = [];

    /// <param name="redact">What was done to the names in the file, where the record has them as they are.</param>
    public BatchAttempts(IEnumerable<RecordedAttempt> attempts, Func<string, string> redact)
    {
        foreach (var attempt in attempts)
        {
            _open.Add(attempt);
            var test = attempt.Test;
            var full = TestNames.Full(test.ClassName, test.Name);
            foreach (var name in new[] { full, test.Name, redact(full), redact(test.Name), AnyName }.Distinct())
                Add(test.CaseId, name, attempt);
        }
    }

    /// <summary>Attempts without a row.</summary>
    public IReadOnlyCollection<RecordedAttempt> Left => _open;

    /// <summary>The attempt that a row reports; null where the record has none, or none by that name.</summary>
    public RecordedAttempt? Take(TrxRow row)
    {
        var name = TestNames.IsUnknown(row.Name) ? AnyName : TrxText.Escape(row.Name);
        var best = _named.TryGetValue((row.TestId, name), out var attempts)
            ? attempts.Where(_open.Contains).MinBy(attempt => Distance(attempt.Attempt, row))
            : null;
        if (best is null)
        {
            _leftRows.Add(row);
            return null;
        }

        _open.Remove(best);
        return best;
    }

    /// <summary>A row of another name than the record has, where it is the only one left of its test id, and the attempt too.</summary>
    public IReadOnlyList<(RecordedAttempt Attempt, TrxRow Row)> TakeLeft()
    {
        var attempts = _open.ToLookup(attempt => attempt.Test.CaseId);
        var pairs = _leftRows
            .GroupBy(row => row.TestId)
            .Where(rows => rows.Count() == 1 && attempts[rows.Key].Count() == 1)
            .Select(rows => (attempts[rows.Key].Single(), rows.Single()))
            .ToList();
        foreach (var (attempt, _) in pairs)
            _open.Remove(attempt);

        return pairs;
    }

    private void Add(Guid id, string name, RecordedAttempt attempt)
    {
        var key = (id, TrxText.Escape(name));
        if (!_named.TryGetValue(key, out var list))
            _named.Add(key, list = []);

        list.Add(attempt);
    }

    private static (bool OtherOutcome, TimeSpan Apart) Distance(TestAttempt attempt, TrxRow row) =>
        (TrxFormat.Outcome(attempt.Outcome) != row.Outcome, row.StartTime is { } start
            ? (start - attempt.StartedAt).Duration()
            : TimeSpan.MaxValue);
}
