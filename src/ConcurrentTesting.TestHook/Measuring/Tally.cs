using ConcurrentTesting.TestHook.Statements;

namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>Counts database work. Written by any thread of the test process.</summary>
internal class Tally
{
    private long _operations;
    private long _reads;
    private long _writes;
    private long _others;
    private long _queryTicks;
    private long _rows;
    private long _transactions;
    private long _connections;
    private long _connectionErrors;
    private long _changes;

    public long Operations => Volatile.Read(ref _operations);
    public long Reads => Volatile.Read(ref _reads);
    public long Writes => Volatile.Read(ref _writes);
    public long Others => Volatile.Read(ref _others);

    /// <summary>The queries' duration in <see cref="TimeSpan.Ticks"/>.</summary>
    public long QueryTicks => Volatile.Read(ref _queryTicks);

    /// <summary>One more than the rows told of; 0: nothing was told.</summary>
    public long Rows => Volatile.Read(ref _rows);

    public long Transactions => Volatile.Read(ref _transactions);
    public long Connections => Volatile.Read(ref _connections);
    public long ConnectionErrors => Volatile.Read(ref _connectionErrors);

    /// <summary>Grows with every count.</summary>
    public long Changes => Volatile.Read(ref _changes);

    /// <summary>The value of <see cref="Changes"/> that the engine knows of.</summary>
    public long SentChanges { get; set; }

    /// <summary>A command with these statements was sent.</summary>
    /// <param name="elapsed">How long it took, where that is known already.</param>
    public void Command(Statement statement, TimeSpan elapsed = default)
    {
        Interlocked.Increment(ref _operations);
        Add(ref _reads, statement.Counts.Reads);
        Add(ref _writes, statement.Counts.Writes);
        Add(ref _others, statement.Counts.Others);
        Add(ref _transactions, statement.Counts.Transactions);
        Add(ref _queryTicks, elapsed.Ticks);
        if (statement.Query is { } query)
            Ran(query);
        Changed();
    }

    /// <summary>Hears of a query that ran; only tests keep how often.</summary>
    protected virtual void Ran(RepeatableQuery query)
    {
    }

    /// <summary>A statement took so long that it is worth telling; of tests alone it is kept.</summary>
    /// <param name="text">Without values, see <see cref="StatementText"/>.</param>
    public virtual void Slow(string text, TimeSpan elapsed)
    {
    }

    public void QueryTime(TimeSpan elapsed)
    {
        Interlocked.Add(ref _queryTicks, elapsed.Ticks);
        Changed();
    }

    public void RowsTold(long rows)
    {
        Interlocked.CompareExchange(ref _rows, 1, 0);
        Interlocked.Add(ref _rows, rows);
        Changed();
    }

    public void Connection()
    {
        Interlocked.Increment(ref _connections);
        Changed();
    }

    public void ConnectionError()
    {
        Interlocked.Increment(ref _connectionErrors);
        Changed();
    }

    /// <summary>Gives all that was counted to another, which counts it as its own.</summary>
    public void MoveTo(Tally other)
    {
        Move(ref _operations, ref other._operations);
        Move(ref _reads, ref other._reads);
        Move(ref _writes, ref other._writes);
        Move(ref _others, ref other._others);
        Move(ref _queryTicks, ref other._queryTicks);
        Move(ref _transactions, ref other._transactions);
        Move(ref _connections, ref other._connections);
        Move(ref _connectionErrors, ref other._connectionErrors);
        if (Interlocked.Exchange(ref _rows, 0) is var rows and > 0)
            other.RowsTold(rows - 1);
        other.Changed();
    }

    /// <summary>Called after each count.</summary>
    protected virtual void Changed() => Interlocked.Increment(ref _changes);

    private static void Move(ref long from, ref long to) => Add(ref to, Interlocked.Exchange(ref from, 0));

    private static void Add(ref long field, long count)
    {
        if (count != 0)
            Interlocked.Add(ref field, count);
    }
}
