namespace ConcurrentTesting.Record;

/// <summary>One result row of a test as far as a run has come. A row may have many thousands of attempts, so what is asked for at each of
/// them is kept and not looked for.</summary>
/// <param name="first">What is known of it since its first attempt.</param>
internal sealed class RowFold(AttemptEnded first)
{
    /// <summary>After this many times of a test, figures of times that went well are not kept.</summary>
    private const int MostMeasured = 1_000;

    private const int MostLookedAt = 4;

    // A test that is to run once has no round: its last attempt is kept under this one.
    private const int Once = 0;

    private readonly List<TestAttempt> _attempts = [];

    // The last attempt of each round and batch; null while there are few attempts, as almost all rows have, and all are looked at.
    private Dictionary<int, TestAttempt>? _lastOfRounds;
    private Dictionary<int, int?>? _roundsOfBatches;
    private TestAttempt? _final;
    private bool _isTold;
    private bool _isFailureTold;

    public int Number => first.Row;
    public string Name => first.Name;

    /// <summary>Counts rows of the same name within the test, from 0.</summary>
    public int Occurrence => first.Occurrence;

    public IReadOnlyList<TestAttempt> Attempts => _attempts;

    /// <summary>The attempt that decides.</summary>
    public TestAttempt Final => _final ??= DecidingAttempt.Of(_attempts)!;

    /// <summary>The deciding attempt's outcome; a muted failure counts as skipped.</summary>
    public TestOutcome Outcome => DecidingAttempt.OutcomeOf(Final, first.Quarantine);

    /// <summary>The last attempt of one of the times that the test was to run; null: it has none.</summary>
    public TestAttempt? LastOf(int? round) => _lastOfRounds is { } known
        ? known.GetValueOrDefault(round ?? Once)
        : _attempts.FindLast(attempt => (attempt.Round ?? Once) == (round ?? Once));

    /// <summary>Takes the attempts of one of the times away.</summary>
    public IReadOnlyList<TestAttempt> TakeOut(int? round)
    {
        var taken = _attempts.FindAll(attempt => attempt.Round == round);
        _attempts.RemoveAll(attempt => attempt.Round == round);
        Know();
        return taken;
    }

    public void Add(TestAttempt attempt)
    {
        _final = FinalWith(attempt);
        _attempts.Add(attempt);
        if (_lastOfRounds is not null)
            Know(attempt);
        else if (_attempts.Count > MostLookedAt)
            KnowAll();
    }

    public bool HasAttemptIn(int batch) =>
        _roundsOfBatches?.ContainsKey(batch) ?? _attempts.Exists(attempt => attempt.Batch == batch);

    /// <summary>Which of the times that the test is to run a batch was, in which it has an attempt.</summary>
    public int? RoundOf(int batch) => _roundsOfBatches is { } known
        ? known.GetValueOrDefault(batch)
        : _attempts.FindLast(attempt => attempt.Batch == batch)?.Round;

    /// <summary>It failed in the batch, and nothing has tried again since what failed.</summary>
    public bool HasFailedIn(int batch) =>
        Outcome == TestOutcome.Failed
        && (Final.Round is null
            || (HasAttemptIn(batch) && LastOf(RoundOf(batch)) is { } last && last.Batch == batch && DecidingAttempt.IsFailure(last)));

    /// <summary>What was measured of its attempt in the batch is to be kept.</summary>
    public bool IsMeasuredIn(int batch) =>
        HasAttemptIn(batch)
        && (RoundOf(batch) is not > MostMeasured || (LastOf(RoundOf(batch)) is { } last && DecidingAttempt.IsFailure(last)));

    /// <summary>Whether those who watch hear of an attempt that nothing tries again: of a test that is to run several times that is the
    /// first that is good beside no failure, and the first that failed.</summary>
    public bool TakeNews(TestAttempt attempt)
    {
        if (attempt.Round is null)
            return true;
        var hasFailed = DecidingAttempt.IsFailure(attempt);
        var isNews = hasFailed ? !_isFailureTold : !_isTold && !DecidingAttempt.IsFailure(Final);
        _isTold |= isNews;
        _isFailureTold |= isNews && hasFailed;
        return isNews;
    }

    /// <summary>Forgets what came in a batch.</summary>
    public void Drop(int batch)
    {
        if (_attempts.RemoveAll(attempt => attempt.Batch == batch) > 0)
            Know();
    }

    /// <summary>Adds what was measured in a batch to the attempt in it.</summary>
    public void Measure(int batch, MeasuredRow measured)
    {
        var index = HasAttemptIn(batch) ? _attempts.FindLastIndex(attempt => attempt.Batch == batch) : -1;
        if (index < 0)
            return;
        var old = _attempts[index];
        var known = _attempts[index] = old with { Figures = measured.Figures };
        if (_lastOfRounds is { } last && ReferenceEquals(last.GetValueOrDefault(old.Round ?? Once), old))
            last[old.Round ?? Once] = known;
        if (ReferenceEquals(_final, old))
            _final = known;
    }

    /// <summary>Adds attempts that were made before a batch, and numbers all anew.</summary>
    public void InsertBefore(int batch, IEnumerable<TestAttempt> earlier)
    {
        _attempts.InsertRange(_attempts.FindIndex(attempt => attempt.Batch == batch), earlier);
        for (var index = 0; index < _attempts.Count; index++)
            _attempts[index] = _attempts[index] with { Number = index + 1 };
        Know();
    }

    public TestRecord ToRecord() => new()
    {
        Id = $"{first.Test.Assembly.Source}/{first.ClassName}.{Name}",
        Assembly = first.Test.Assembly,
        CaseId = first.Test.Case,
        Row = Number,
        ClassName = first.ClassName,
        MethodName = first.MethodName,
        Name = Name,
        Attempts = [.. _attempts],
        Traits = first.Traits,
        SourceFile = first.SourceFile,
        Line = first.Line,
        AdapterName = first.AdapterName,
        Quarantine = first.Quarantine,
    };

    // Returns null where all attempts have to be looked at, because the new one takes the place of the one that decided before.
    private TestAttempt? FinalWith(TestAttempt attempt)
    {
        if (attempt.Round is null)
            return _attempts.Count == 0 || DecidingAttempt.Replaces(attempt, Final) ? attempt : Final;
        if (_final is not { Round: not null } final || final.Round == attempt.Round)
            return null;
        return DecidingAttempt.DecidesOver(attempt, final) ? attempt : final;
    }

    private void Know()
    {
        _final = null;
        _lastOfRounds = null;
        _roundsOfBatches = null;
        if (_attempts.Count > MostLookedAt)
            KnowAll();
    }

    private void KnowAll()
    {
        _lastOfRounds = [];
        _roundsOfBatches = [];
        _attempts.ForEach(Know);
    }

    private void Know(TestAttempt attempt)
    {
        _lastOfRounds![attempt.Round ?? Once] = attempt;
        _roundsOfBatches![attempt.Batch] = attempt.Round;
    }
}
