using System.Collections.ObjectModel;

namespace ConcurrentTesting;

/// <summary>One result of a run: a test case, or a data row of one, and what its last attempt did to the databases. Null is what was not
/// measured, or what the driver does not tell; never zero.</summary>
public sealed record ConcurrentTestCase
{
    /// <summary><c>assembly (framework)/namespace.class.method(row)</c>; not unique where a suite has duplicates.</summary>
    public required string Id { get; init; }

    /// <summary>The name of its assembly.</summary>
    public required string Assembly { get; init; }

    /// <summary>Namespace and class, nested classes joined by <c>+</c>.</summary>
    public required string Class { get; init; }

    /// <summary>Method and row, as people read it.</summary>
    public required string Name { get; init; }

    /// <summary>How it ended.</summary>
    public required ConcurrentTestOutcome Outcome { get; init; }

    /// <summary>How often it ran, 1 or more.</summary>
    public required int Attempts { get; init; }

    /// <summary>It failed at first and passed in the end.</summary>
    public bool IsFlaky { get; init; }

    /// <summary>The worker of its last attempt, from 0; -1 where it never ran.</summary>
    public int Worker { get; init; }

    /// <summary>How long its last attempt took.</summary>
    public TimeSpan Duration { get; init; }

    /// <summary>Commands sent to a database. A batch of three statements is one operation, except on SQLite, where every statement is
    /// one.</summary>
    public long? Operations { get; init; }

    /// <summary>SQL statements: <see cref="Reads"/>, <see cref="Writes"/>, and all others (transactions, settings, schema
    /// changes).</summary>
    public long? Queries { get; init; }

    /// <summary>How many of <see cref="Queries"/> read.</summary>
    public long? Reads { get; init; }

    /// <summary>How many of <see cref="Queries"/> changed rows.</summary>
    public long? Writes { get; init; }

    /// <summary>The time from sending each command until its result was read to the end, added up; commands side by side count
    /// twice.</summary>
    public TimeSpan? QueryTime { get; init; }

    /// <summary>Connections opened, as the driver counts them: physical ones with Npgsql and SQLite, those taken from the pool with
    /// MySqlConnector.</summary>
    public long? Connections { get; init; }

    /// <summary>Connections that could not be opened.</summary>
    public long? ConnectionErrors { get; init; }

    /// <summary>The bytes that the test's process allocated on the managed heap while it ran.</summary>
    public long? AllocatedBytes { get; init; }

    /// <summary>The highest resident memory of the test's process since its start, in bytes, as of the test's end.</summary>
    public long? PeakBytes { get; init; }

    /// <summary>All that was measured, by its name in <c>run.json</c>: <c>operations</c>, <c>queries</c>, <c>querySeconds</c>,
    /// <c>peakBytes</c> …</summary>
    public IReadOnlyDictionary<string, double> Figures { get; init; } = ReadOnlyDictionary<string, double>.Empty;

    /// <summary>Its name and outcome.</summary>
    public override string ToString() => $"{Class}.{Name}: {Outcome}";
}
