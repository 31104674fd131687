using System.Collections.Immutable;

namespace ConcurrentTesting.Metrics.Measuring;

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

    /// <summary>Commands sent to a database. A batch of three statements is one operation, except on SQLite, where every statement is one.</summary>
    public long? Operations { get; init; }

    /// <summary>SQL statements: <see cref="Reads"/>, <see cref="Writes"/> and <see cref="Others"/> together.</summary>
    public long? Queries { get; init; }

    public long? Reads { get; init; }

    /// <summary>INSERT, UPDATE, DELETE, MERGE, REPLACE, COPY … FROM and the like.</summary>
    public long? Writes { get; init; }

    /// <summary>Everything else: DDL, transactions, settings, procedures.</summary>
    public long? Others { get; init; }

    /// <summary>From sending a command until its result was read to its end, added up, in seconds: statements side by side count twice.</summary>
    public double? QuerySeconds { get; init; }

    /// <summary>Rows, of those operations of which the driver tells: PostgreSQL's COPY.</summary>
    public long? Rows { get; init; }

    /// <summary>Transactions begun, where the driver shows them.</summary>
    public long? Transactions { get; init; }

    /// <summary>Connections opened, as the driver counts: physical ones with Npgsql and SQLite, those taken from the pool with MySqlConnector.</summary>
    public long? Connections { get; init; }

    /// <summary>Connections that could not be opened.</summary>
    public long? ConnectionErrors { get; init; }

    /// <summary>Bytes that the whole process allocated on the managed heap while the test ran.</summary>
    public long? AllocatedBytes { get; init; }

    /// <summary>The highest resident memory of the process since its start, in bytes, as of the test's end.</summary>
    public long? PeakBytes { get; init; }

    /// <summary>Queries that one test ran five times and more, the most frequent first; empty in sums.</summary>
    public ImmutableArray<RepeatedQuery> Repeated { get; init; } = [];

    /// <summary>Both together: counts are added, the peak is the higher one; null and a figure is the figure.</summary>
    public TestFigures Plus(TestFigures other) => new()
    {
        Operations = Sum(Operations, other.Operations),
        Queries = Sum(Queries, other.Queries),
        Reads = Sum(Reads, other.Reads),
        Writes = Sum(Writes, other.Writes),
        Others = Sum(Others, other.Others),
        QuerySeconds = QuerySeconds is null ? other.QuerySeconds : QuerySeconds + (other.QuerySeconds ?? 0),
        Rows = Sum(Rows, other.Rows),
        Transactions = Sum(Transactions, other.Transactions),
        Connections = Sum(Connections, other.Connections),
        ConnectionErrors = Sum(ConnectionErrors, other.ConnectionErrors),
        AllocatedBytes = Sum(AllocatedBytes, other.AllocatedBytes),
        PeakBytes = PeakBytes is null ? other.PeakBytes : Math.Max(PeakBytes.Value, other.PeakBytes ?? 0),
    };

    private static long? Sum(long? first, long? second) => first is null ? second : first + (second ?? 0);
}
