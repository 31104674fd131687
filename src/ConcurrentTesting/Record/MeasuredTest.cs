using System.Runtime.CompilerServices;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.Record;

/// <summary>One execution of a test or of one of its rows, as the hook in its process saw it.</summary>
internal sealed record MeasuredTest
{
    /// <summary>Counts the tests of one process in the order they began.</summary>
    public required long Order { get; init; }

    /// <summary>VSTest's id of its case; empty where the process did not know it.</summary>
    public required Guid CaseId { get; init; }

    /// <summary>VSTest's fully qualified name of its case; empty where the process did not know it, or another member says
    /// enough.</summary>
    public required string FullyQualifiedName { get; init; }

    /// <summary>Namespace and class; empty where another member says enough.</summary>
    public required string ClassName { get; init; }

    /// <summary>The name that the framework gives it, with or without namespace and class.</summary>
    public required string DisplayName { get; init; }

    /// <summary>It stands for all rows of its case, as far as they are not told apart.</summary>
    public required bool IsWholeCase { get; init; }

    /// <summary>It had begun and not ended.</summary>
    public bool IsRunning { get; init; }

    public required TestFigures Figures { get; init; }

    public static MeasuredTest Read(ref WireReader content) => new()
    {
        Order = content.Number(),
        CaseId = content.Id(),
        FullyQualifiedName = content.Text(),
        ClassName = content.Text(),
        DisplayName = content.Text(),
        IsWholeCase = content.Number() != 0,
        IsRunning = content.Number() != 0,
        Figures = FiguresReader.ReadWithQueries(ref content),
    };
}

/// <summary>What happened outside tests.</summary>
/// <param name="Fixtures">In set-ups and tear-downs that several tests share.</param>
/// <param name="NoTest">
/// Where no framework's context was while no test ran, as in the discovery of data, and what went on in a test's flow after its batch.
/// </param>
internal sealed record OutsideFigures(TestFigures Fixtures, TestFigures NoTest)
{
    public static OutsideFigures None { get; } = new(TestFigures.NotMeasured, TestFigures.NotMeasured);

    /// <summary>The databases that were connected to, in tests too; once for each process.</summary>
    public ImmutableArray<OpenedDatabase> Opened { get; init; } = [];

    public OutsideFigures Plus(OutsideFigures other) =>
        new(Fixtures.Plus(other.Fixtures), NoTest.Plus(other.NoTest)) { Opened = Opened.AddRange(other.Opened) };

    /// <summary>What came to these figures after earlier ones of the same process.</summary>
    public OutsideFigures Since(OutsideFigures earlier) =>
        ReferenceEquals(earlier, None) ? this : new OutsideFigures(Fixtures.Since(earlier.Fixtures), NoTest.Since(earlier.NoTest))
        {
            Opened = [.. Opened.Select(
            opened => opened with { Connections = opened.Connections - (earlier.Opened.FirstOrDefault(before => before.Name == opened.Name)
                ?.Connections ?? 0) }).Where(opened => opened.Connections > 0)],
        };

    public static OutsideFigures Read(ref WireReader content)
    {
        var outside = new OutsideFigures(FiguresReader.Read(ref content), FiguresReader.Read(ref content));
        var opened = ImmutableArray.CreateBuilder<OpenedDatabase>();
        for (var left = content.Number(); left > 0; left--)
        {
            var connections = content.Number();
            opened.Add(new OpenedDatabase(content.Text(), connections, content.Text()));
        }

        return outside with { Opened = opened.ToImmutable() };
    }
}

/// <summary>A database that a test process connected to.</summary>
/// <param name="Name">SQLite: the file.</param>
/// <param name="Connections">How often one was opened.</param>
/// <param name="FirstTest">The process's first test that did so; empty where a set-up did, or it is not known.</param>
internal sealed record OpenedDatabase(string Name, long Connections, string FirstTest = "");

/// <summary>Everything one process told.</summary>
/// <param name="Troubles">What failed inside the hook, and what it could not measure.</param>
internal sealed record HookedProcessFigures(ImmutableArray<MeasuredTest> Tests, OutsideFigures Outside, ImmutableArray<string> Troubles);

internal static class FiguresReader
{
    private const double MicrosecondsPerSecond = 1e6;

    public static TestFigures ReadWithQueries(ref WireReader content)
    {
        var figures = Read(ref content);
        var count = content.Number();
        var queries = ImmutableArray.CreateBuilder<RepeatedQuery>();
        for (var index = 0; index < count; index++)
            queries.Add(new RepeatedQuery(content.Number(), content.Text()));
        return figures with { Repeated = queries.ToImmutable(), Slowest = ReadSlowest(ref content) };
    }

    private static ImmutableArray<SlowStatement> ReadSlowest(ref WireReader content)
    {
        var count = content.Number();
        var slowest = ImmutableArray.CreateBuilder<SlowStatement>();
        for (var index = 0; index < count; index++)
            slowest.Add(new SlowStatement(content.Number() / MicrosecondsPerSecond, content.Text()));
        return slowest.ToImmutable();
    }

    // The runtime must compile this well before it first runs; see WireReader.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static TestFigures Read(ref WireReader content)
    {
        var values = new double?[MeasuredFigure.All.Length];
        foreach (var figure in MeasuredFigure.All)
            values[figure.Position] = content.OptionalNumber() / (figure.Unit == FigureUnit.Seconds ? MicrosecondsPerSecond : 1);
        return new TestFigures(values);
    }
}
