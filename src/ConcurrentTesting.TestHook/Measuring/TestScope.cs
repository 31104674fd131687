using ConcurrentTesting.TestHook.Statements;

namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>One execution of a test, or of one of its rows.</summary>
internal sealed class TestScope(long order, TestIdentity test, bool isWholeCase, RunningScopes running) : Tally
{
    // Null while the test does not run.
    private long? _allocatedBefore;
    private RepeatedQueries? _queries;
    private SlowStatements? _slow;

    public long Order { get; } = order;

    public TestIdentity Test { get; private set; } = test;

    /// <summary>It stands for all rows of its case, as far as they are not told apart.</summary>
    public bool IsWholeCase { get; private set; } = isWholeCase;

    /// <summary>The bytes that the process allocated from the test's begin to its end; null where these were not seen.</summary>
    public long? AllocatedBytes { get; private set; }

    public long? PeakBytes { get; private set; }

    /// <summary>True once the engine knows of it.</summary>
    public bool IsSent { get; set; }

    /// <summary>The framework told which row it is.</summary>
    public void Name(string displayName)
    {
        Test = Test with { DisplayName = displayName };
        IsWholeCase = false;
    }

    /// <summary>The queries that it ran most often.</summary>
    public KeyValuePair<RepeatableQuery, int>[] MostRepeated => Volatile.Read(ref _queries)?.Most() ?? [];

    /// <summary>Its slowest statements, as far as they are worth telling.</summary>
    public KeyValuePair<string, long>[] Slowest => Volatile.Read(ref _slow)?.Slowest() ?? [];

    /// <summary>Work was done that was its own or another's: its figures are not known, and what was counted is told as no
    /// test's.</summary>
    public bool IsUnclear { get; set; }

    /// <summary>The engine has its figures and asks for no more: what goes on in its flow is no test's.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>It has begun and not ended.</summary>
    public bool IsRunning => _allocatedBefore is not null;

    /// <summary>It may begin again after its end, where the framework tries it once more.</summary>
    public void Begin()
    {
        IsClosed = false;
        _allocatedBefore = GC.GetTotalAllocatedBytes(precise: false);
        running.Add(this);
    }

    /// <summary>The first time after a begin counts.</summary>
    public void End()
    {
        if (_allocatedBefore is not { } before)
            return;
        AllocatedBytes = AllocatedBytes.GetValueOrDefault() + GC.GetTotalAllocatedBytes(precise: false) - before;
        _allocatedBefore = null;
        running.Remove(this);
        PeakBytes = PeakMemory.Read();
        Changed();
    }

    public void Close()
    {
        IsClosed = true;
        Volatile.Write(ref _queries, null);
        Volatile.Write(ref _slow, null);
    }

    public override void Slow(string text, TimeSpan elapsed)
    {
        var slow = Volatile.Read(ref _slow);
        if (slow is null)
        {
            var added = new SlowStatements();
            slow = Interlocked.CompareExchange(ref _slow, added, null) ?? added;
        }

        slow.Add(text, elapsed);
    }

    protected override void Ran(RepeatableQuery query)
    {
        var queries = Volatile.Read(ref _queries);
        if (queries is null)
        {
            var added = new RepeatedQueries();
            queries = Interlocked.CompareExchange(ref _queries, added, null) ?? added;
        }

        queries.Add(query);
    }
}
