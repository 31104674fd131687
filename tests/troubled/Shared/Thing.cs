namespace Troubled;

/// <summary>What no framework can serialise: how many rows there are of it is only known when they run.</summary>
public sealed class Thing(int number)
{
    public const int Count = 12;

    public int Number => number;

    /// <summary>Rows of a test whose names differ from run to run.</summary>
    public const int OtherCount = 10;

    public static IEnumerable<object[]> All => Enumerable.Range(1, Count).Select(number => new object[] { new Thing(number) });

    public static IEnumerable<object[]> Others => Enumerable.Range(1, OtherCount).Select(number => new object[] { new Thing(number), Guid.NewGuid() });
}
