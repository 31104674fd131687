using System.Text.Json.Serialization;

namespace ConcurrentTesting.Record;

/// <summary>A query that one test ran again and again.</summary>
/// <param name="Text">Shortened, without comments, with a question mark for each value.</param>
internal sealed record RepeatedQuery(long Count, string Text);

/// <summary>A statement of a test that took long.</summary>
/// <param name="Seconds">The longest that it took in the test.</param>
/// <param name="Text">Shortened, without comments, with a question mark for each value.</param>
internal sealed record SlowStatement(double Seconds, string Text);

/// <summary>What one test did, as the drivers in its process told. Null is what they do not tell, or what was not measured; never
/// zero.</summary>
[JsonConverter(typeof(TestFiguresJson))]
internal sealed record TestFigures
{
    private readonly double?[] _values;

    public TestFigures() => _values = new double?[MeasuredFigure.All.Length];

    /// <param name="values">Each figure at its position.</param>
    public TestFigures(double?[] values) => _values = values;

    private TestFigures(TestFigures original) =>
        (_values, Repeated, Slowest) = ([.. original._values], original.Repeated, original.Slowest);

    /// <summary>The figures of a test of which nothing was measured.</summary>
    public static TestFigures NotMeasured { get; } = new();

    /// <summary>Commands sent to a database. A batch of three statements is one operation, except on SQLite, where every statement is
    /// one.</summary>
    public long? Operations { get => Count(MeasuredFigure.Operations); init => this[MeasuredFigure.Operations] = value; }

    /// <summary>SQL statements: <see cref="Reads"/>, <see cref="Writes"/> and <see cref="Others"/> together.</summary>
    public long? Queries { get => Count(MeasuredFigure.Queries); init => this[MeasuredFigure.Queries] = value; }

    public long? Reads { get => Count(MeasuredFigure.Reads); init => this[MeasuredFigure.Reads] = value; }

    /// <summary>INSERT, UPDATE, DELETE, MERGE, REPLACE, COPY … FROM and the like.</summary>
    public long? Writes { get => Count(MeasuredFigure.Writes); init => this[MeasuredFigure.Writes] = value; }

    /// <summary>Everything else: DDL, transactions, settings, procedures.</summary>
    public long? Others => Count(MeasuredFigure.Others);

    /// <summary>The seconds from sending a command until its result was read to its end, added up: statements side by side count
    /// twice.</summary>
    public double? QuerySeconds { get => this[MeasuredFigure.QuerySeconds]; init => this[MeasuredFigure.QuerySeconds] = value; }

    /// <summary>Rows, of those operations of which the driver tells: PostgreSQL's COPY.</summary>
    public long? Rows => Count(MeasuredFigure.Rows);

    /// <summary>Transactions begun, where the driver shows them.</summary>
    public long? Transactions => Count(MeasuredFigure.Transactions);

    /// <summary>Connections opened, as the driver counts: physical ones with Npgsql and SQLite, those taken from the pool with
    /// MySqlConnector.</summary>
    public long? Connections { get => Count(MeasuredFigure.Connections); init => this[MeasuredFigure.Connections] = value; }

    /// <summary>There was a driver that does not tell when it opens a connection.</summary>
    public bool HidesConnections => Operations is not null && Connections is null;

    /// <summary>Connections that could not be opened.</summary>
    public long? ConnectionErrors => Count(MeasuredFigure.ConnectionErrors);

    /// <summary>Bytes that the whole process allocated on the managed heap while the test ran.</summary>
    public long? AllocatedBytes => Count(MeasuredFigure.AllocatedBytes);

    /// <summary>The highest resident memory of the process since its start, in bytes, as of the test's end.</summary>
    public long? PeakBytes => Count(MeasuredFigure.PeakBytes);

    /// <summary>Queries that one test ran five times and more, the most frequent first; empty in sums.</summary>
    public ImmutableArray<RepeatedQuery> Repeated { get; init; } = [];

    /// <summary>Its statements that took 10 ms and more, the slowest first; empty in sums.</summary>
    public ImmutableArray<SlowStatement> Slowest { get; init; } = [];

    public double? this[MeasuredFigure figure]
    {
        get => _values[figure.Position];
        init => _values[figure.Position] = value;
    }

    /// <summary>All together: counts are added, the peak is the highest; null and a figure is the figure, except of connections, where a
    /// driver that does not tell them leaves none.</summary>
    public static TestFigures Sum(IEnumerable<TestFigures> figures)
    {
        var sum = new double?[MeasuredFigure.All.Length];
        var hidesConnections = false;
        foreach (var next in figures)
        {
            hidesConnections |= next.HidesConnections;
            foreach (var figure in MeasuredFigure.All)
                Add(ref sum[figure.Position], next[figure], figure.IsPeak);
        }

        if (hidesConnections)
            sum[MeasuredFigure.Connections.Position] = null;
        return new TestFigures(sum);
    }

    /// <summary>What was counted after earlier figures of the same process; the peak is that since its start.</summary>
    public TestFigures Since(TestFigures earlier)
    {
        var since = new TestFigures(this);
        foreach (var figure in MeasuredFigure.All.Where(figure => !figure.IsPeak))
            since._values[figure.Position] -= earlier[figure].GetValueOrDefault();
        return since;
    }

    public TestFigures With(MeasuredFigure figure, double? value) => new(this) { [figure] = value };

    /// <summary>Both together, see <see cref="Sum"/>.</summary>
    public TestFigures Plus(TestFigures other) => Sum([this, other]);

    /// <summary>Those that are known, by their names.</summary>
    public IEnumerable<KeyValuePair<string, double>> Known() =>
        MeasuredFigure.All.Where(figure => this[figure] is not null)
            .Select(figure => KeyValuePair.Create(figure.Name, this[figure]!.Value));

    public bool Equals(TestFigures? other) =>
        other is not null && _values.AsSpan().SequenceEqual(other._values) && Repeated.SequenceEqual(other.Repeated)
        && Slowest.SequenceEqual(other.Slowest);

    public override int GetHashCode() => HashCode.Combine(Operations, Queries, Connections, AllocatedBytes, Repeated.Length);

    private static void Add(ref double? sum, double? value, bool isPeak)
    {
        if (value is { } known)
            sum = isPeak ? Math.Max(sum.GetValueOrDefault(), known) : sum.GetValueOrDefault() + known;
    }

    private long? Count(MeasuredFigure figure) => (long?)_values[figure.Position];
}
