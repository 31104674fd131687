namespace ConcurrentTesting.Record;

/// <summary>One result row of a test as far as a run has come.</summary>
/// <param name="first">What is known of it since its first attempt.</param>
internal sealed class RowFold(AttemptEnded first)
{
    private readonly List<TestAttempt> _attempts = [];

    public int Number => first.Row;
    public string Name => first.Name;

    /// <summary>Counts rows of the same name within the test, from 0.</summary>
    public int Occurrence => first.Occurrence;

    public IReadOnlyList<TestAttempt> Attempts => _attempts;

    /// <summary>The attempt that decides.</summary>
    public TestAttempt Final => DecidingAttempt.Of(_attempts)!;

    /// <summary>The last attempt of one of the times that the test was to run; null: it has none.</summary>
    public TestAttempt? LastOf(int? round) => _attempts.FindLast(attempt => attempt.Round == round);

    /// <summary>Takes the attempts of one of the times away.</summary>
    public IReadOnlyList<TestAttempt> TakeOut(int? round)
    {
        var taken = _attempts.FindAll(attempt => attempt.Round == round);
        _attempts.RemoveAll(attempt => attempt.Round == round);
        return taken;
    }

    public void Add(TestAttempt attempt) => _attempts.Add(attempt);

    public bool HasAttemptIn(int batch) => _attempts.Exists(attempt => attempt.Batch == batch);

    /// <summary>Forgets what came in a batch.</summary>
    public void Drop(int batch) => _attempts.RemoveAll(attempt => attempt.Batch == batch);

    /// <summary>Adds what was measured in a batch to the attempt in it.</summary>
    public void Measure(int batch, MeasuredRow measured)
    {
        var index = _attempts.FindIndex(attempt => attempt.Batch == batch);
        if (index >= 0)
            _attempts[index] = _attempts[index] with { Figures = measured.Figures };
    }

    /// <summary>Adds attempts that were made before a batch, and numbers all anew.</summary>
    public void InsertBefore(int batch, IEnumerable<TestAttempt> earlier)
    {
        _attempts.InsertRange(_attempts.FindIndex(attempt => attempt.Batch == batch), earlier);
        for (var index = 0; index < _attempts.Count; index++)
            _attempts[index] = _attempts[index] with { Number = index + 1 };
    }

    public TestRecord ToRecord() => new()
    {
        Id = $"{first.Test.Assembly.Source}/{first.ClassName}.{Name}",
        Assembly = first.Test.Assembly,
        CaseId = first.Test.Case,
        ClassName = first.ClassName,
        MethodName = first.MethodName,
        Name = Name,
        Attempts = [.. _attempts],
        Traits = first.Traits,
        SourceFile = first.SourceFile,
        Line = first.Line,
        Quarantine = first.Quarantine,
    };
}
