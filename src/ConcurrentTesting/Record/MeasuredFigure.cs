namespace ConcurrentTesting.Record;

internal enum FigureUnit
{
    Count,
    Seconds,
    Bytes,
}

/// <summary>A figure that the hook tells of each test, declared here alone: the wire, the journal, run.json, the metrics, the public case
/// and the report go through <see cref="All"/>.</summary>
internal sealed record MeasuredFigure
{
    private static readonly List<MeasuredFigure> Declared = [];

    private MeasuredFigure()
    {
    }

    public static MeasuredFigure Operations { get; } = Declare(
        "operations", "Operations", "test_operations_total", "Commands that tests sent to databases.");

    public static MeasuredFigure Queries { get; } = Declare(
        "queries", "Queries", "test_queries_total", "SQL statements of tests, reads, writes and others together.");

    public static MeasuredFigure Reads { get; } = Declare("reads", "Reads", "test_reads_total", "SQL statements of tests that read.");
    public static MeasuredFigure Writes { get; } = Declare("writes", "Writes", "test_writes_total", "SQL statements of tests that wrote.");

    public static MeasuredFigure Others { get; } = Declare(
        "others", "Other statements", "test_others_total",
        "SQL statements of tests that neither read nor wrote: transactions, settings, schema changes.");

    public static MeasuredFigure QuerySeconds { get; } = Declare(
        "querySeconds", "Query time", "test_query_seconds_total", "Time that tests spent in SQL statements.", FigureUnit.Seconds);

    public static MeasuredFigure Rows { get; } = Declare(
        "rows", "Rows copied", "test_rows_total", "Rows that tests copied, where drivers tell of them: PostgreSQL's COPY.");

    public static MeasuredFigure Transactions { get; } = Declare(
        "transactions", "Transactions", "test_transactions_total", "Transactions that tests began, where drivers show them.");

    public static MeasuredFigure Connections { get; } = Declare(
        "connections", "Connections", "test_connections_total", "Database connections that tests opened, as their drivers count.");

    public static MeasuredFigure ConnectionErrors { get; } = Declare(
        "connectionErrors", "Connections that failed", "connection_errors_total", "Database connections that tests could not open.");

    public static MeasuredFigure AllocatedBytes { get; } = Declare(
        "allocatedBytes", "Allocated memory", "test_allocated_bytes_total", "Managed memory that was allocated while tests ran.",
        FigureUnit.Bytes);

    public static MeasuredFigure PeakBytes { get; } = Declare(
        "peakBytes", "Peak memory", "test_peak_bytes", "The highest resident memory of a test process.", FigureUnit.Bytes, isPeak: true);

    /// <summary>All figures in the order in which the hook tells them.</summary>
    public static ImmutableArray<MeasuredFigure> All { get; } = [.. Declared];

    /// <summary>The name in run.json, in the journal and in <see cref="ConcurrentTestCase.Figures"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The title in the report.</summary>
    public required string Title { get; init; }

    /// <summary>Among the metrics, without their prefix.</summary>
    public required string Metric { get; init; }

    /// <summary>What the metric says of itself.</summary>
    public required string Help { get; init; }

    public required FigureUnit Unit { get; init; }

    /// <summary>Several are no sum but the highest of them.</summary>
    public required bool IsPeak { get; init; }

    /// <summary>The place in <see cref="All"/>.</summary>
    public required int Position { get; init; }

    private static MeasuredFigure Declare(
        string name, string title, string metric, string help, FigureUnit unit = FigureUnit.Count, bool isPeak = false)
    {
        Declared.Add(new MeasuredFigure
        {
            Name = name,
            Title = title,
            Metric = metric,
            Help = help,
            Unit = unit,
            IsPeak = isPeak,
            Position = Declared.Count,
        });
        return Declared[^1];
    }
}
