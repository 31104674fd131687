using System.Collections.Immutable;

namespace ConcurrentTesting.Record;

/// <summary>A query that one test ran again and again.</summary>
/// <param name="Text">Shortened, without comments, with a question mark for each value.</param>
internal sealed record RepeatedQuery(long Count, string Text);

/// <summary>
/// What one test did, as the drivers in its process told. Null is what they do not tell, or what was not measured; never zero.
/// </summary>
internal sealed record TestFigures
{
    /// <summary>Nothing was measured.</summary>
    public static TestFigures NotMeasured { get; } = new();

    /// <summary>
    /// Commands sent to a database. A batch of three statements is one operation, except on SQLite, where every statement is one.
    /// </summary>
    public long? Operations { get; init; }

    /// <summary>SQL statements: <see cref="Reads"/>, <see cref="Writes"/> and <see cref="Others"/> together.</summary>
    public long? Queries { get; init; }

    public long? Reads { get; init; }

    /// <summary>INSERT, UPDATE, DELETE, MERGE, REPLACE, COPY … FROM and the like.</summary>
    public long? Writes { get; init; }

    /// <summary>Everything else: DDL, transactions, settings, procedures.</summary>
    public long? Others { get; init; }

    /// <summary>
    /// From sending a command until its result was read to its end, added up, in seconds: statements side by side count twice.
    /// </summary>
    public double? QuerySeconds { get; init; }

    /// <summary>Rows, of those operations of which the driver tells: PostgreSQL's COPY.</summary>
    public long? Rows { get; init; }

    /// <summary>Transactions begun, where the driver shows them.</summary>
    public long? Transactions { get; init; }

    /// <summary>
    /// Connections opened, as the driver counts: physical ones with Npgsql and SQLite, those taken from the pool with MySqlConnector.
    /// </summary>
    public long? Connections { get; init; }

    /// <summary>There was a driver that does not tell when it opens a connection.</summary>
    public bool HidesConnections => Operations is not null && Connections is null;

    /// <summary>Connections that could not be opened.</summary>
    public long? ConnectionErrors { get; init; }

    /// <summary>Bytes that the whole process allocated on the managed heap while the test ran.</summary>
    public long? AllocatedBytes { get; init; }

    /// <summary>The highest resident memory of the process since its start, in bytes, as of the test's end.</summary>
    public long? PeakBytes { get; init; }

    /// <summary>Queries that one test ran five times and more, the most frequent first; empty in sums.</summary>
    public ImmutableArray<RepeatedQuery> Repeated { get; init; } = [];

    /// <summary>
    /// All together: counts are added, the peak is the highest; null and a figure is the figure, except of connections, where a driver that
    /// does not tell them leaves none.
    /// </summary>
    public static TestFigures Sum(IEnumerable<TestFigures> figures)
    {
        var sum = default(Adder);
        foreach (var next in figures)
            sum.Add(next);
        return sum.ToFigures();
    }

    /// <summary>What was counted after earlier figures of the same process; the peak is that since its start.</summary>
    public TestFigures Since(TestFigures earlier) => this with
    {
        Operations = Less(Operations, earlier.Operations),
        Queries = Less(Queries, earlier.Queries),
        Reads = Less(Reads, earlier.Reads),
        Writes = Less(Writes, earlier.Writes),
        Others = Less(Others, earlier.Others),
        QuerySeconds = QuerySeconds - earlier.QuerySeconds.GetValueOrDefault(),
        Rows = Less(Rows, earlier.Rows),
        Transactions = Less(Transactions, earlier.Transactions),
        Connections = Less(Connections, earlier.Connections),
        ConnectionErrors = Less(ConnectionErrors, earlier.ConnectionErrors),
        AllocatedBytes = Less(AllocatedBytes, earlier.AllocatedBytes),
    };

    private static long? Less(long? figure, long? earlier) => figure - earlier.GetValueOrDefault();

    /// <summary>Both together, see <see cref="Sum"/>.</summary>
    public TestFigures Plus(TestFigures other) => Sum([this, other]);

    // A run has figures of tens of thousands of tests to add.
    private struct Adder
    {
        private long? _operations;
        private long? _queries;
        private long? _reads;
        private long? _writes;
        private long? _others;
        private double? _querySeconds;
        private long? _rows;
        private long? _transactions;
        private long? _connections;
        private bool _hidesConnections;
        private long? _connectionErrors;
        private long? _allocatedBytes;
        private long? _peakBytes;

        public void Add(TestFigures figures)
        {
            Add(ref _operations, figures.Operations);
            Add(ref _queries, figures.Queries);
            Add(ref _reads, figures.Reads);
            Add(ref _writes, figures.Writes);
            Add(ref _others, figures.Others);
            if (figures.QuerySeconds is { } seconds)
                _querySeconds = _querySeconds.GetValueOrDefault() + seconds;
            Add(ref _rows, figures.Rows);
            Add(ref _transactions, figures.Transactions);
            Add(ref _connections, figures.Connections);
            _hidesConnections |= figures.HidesConnections;
            Add(ref _connectionErrors, figures.ConnectionErrors);
            Add(ref _allocatedBytes, figures.AllocatedBytes);
            if (figures.PeakBytes is { } peak)
                _peakBytes = Math.Max(_peakBytes.GetValueOrDefault(), peak);
        }

        public readonly TestFigures ToFigures() => new()
        {
            Operations = _operations,
            Queries = _queries,
            Reads = _reads,
            Writes = _writes,
            Others = _others,
            QuerySeconds = _querySeconds,
            Rows = _rows,
            Transactions = _transactions,
            Connections = _hidesConnections ? null : _connections,
            ConnectionErrors = _connectionErrors,
            AllocatedBytes = _allocatedBytes,
            PeakBytes = _peakBytes,
        };

        private static void Add(ref long? sum, long? figure)
        {
            if (figure is { } known)
                sum = sum.GetValueOrDefault() + known;
        }
    }
}
