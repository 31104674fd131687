using System.Collections.Immutable;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.Metrics.Measuring;

/// <summary>One execution of a test or of one of its rows, as the hook in its process saw it.</summary>
/// <param name="Order">Counts the tests of one process in the order they began.</param>
/// <param name="CaseId">VSTest's id of its case.</param>
/// <param name="DisplayName">As the framework names it, with or without namespace and class; empty where the framework does not tell.</param>
internal sealed record MeasuredTest(long Order, Guid CaseId, string DisplayName, TestFigures Figures)
{
    public static MeasuredTest Read(ref WireReader content) =>
        new(content.Number(), content.Id(), content.Text(), FiguresReader.Read(ref content));
}

/// <summary>What happened outside tests.</summary>
/// <param name="Fixtures">In set-ups and tear-downs that several tests share.</param>
/// <param name="NoTest">Where no framework's context was: discovery of data, threads of drivers, timers that outlived their test.</param>
internal sealed record OutsideFigures(TestFigures Fixtures, TestFigures NoTest)
{
    public static OutsideFigures None { get; } = new(TestFigures.NotMeasured, TestFigures.NotMeasured);

    public static OutsideFigures Read(ref WireReader content) => new(FiguresReader.Read(ref content), FiguresReader.Read(ref content));
}

/// <summary>Everything one process told.</summary>
/// <param name="Troubles">What failed inside the hook, and what it could not measure.</param>
internal sealed record HookedProcessFigures(ImmutableArray<MeasuredTest> Tests, OutsideFigures Outside, ImmutableArray<string> Troubles);

internal static class FiguresReader
{
    private const double MicrosecondsPerSecond = 1e6;

    public static TestFigures Read(ref WireReader content) => new()
    {
        Operations = content.OptionalNumber(),
        Queries = content.OptionalNumber(),
        Reads = content.OptionalNumber(),
        Writes = content.OptionalNumber(),
        Others = content.OptionalNumber(),
        QuerySeconds = content.OptionalNumber() / MicrosecondsPerSecond,
        Rows = content.OptionalNumber(),
        Transactions = content.OptionalNumber(),
        Connections = content.OptionalNumber(),
        ConnectionErrors = content.OptionalNumber(),
        AllocatedBytes = content.OptionalNumber(),
        PeakBytes = content.OptionalNumber(),
    };
}
