namespace ConcurrentTesting.Discovery;

/// <summary>What a class shares with others, and what ties it to them.</summary>
internal sealed record ClassSharing(ImmutableArray<SharedSetUp> SetUps, ImmutableArray<Tie> Ties)
{
    /// <summary>Why its tests have to run in one process; null: nothing is known that keeps them together.</summary>
    public string? OneProcess { get; init; }

    /// <summary>See <see cref="TestEntry.Need"/>.</summary>
    public string? Need { get; init; }

    /// <summary>What its tests hold while they run, and those of no other class of the run then may.</summary>
    public ImmutableArray<string> Locks { get; init; } = [];

    /// <summary>Its framework runs the tests of the class side by side where nothing tells it otherwise.</summary>
    public bool IsParallelInside { get; init; }
}

/// <summary>Reads from an assembly what its classes share, in the way of its framework.</summary>
internal interface ISharingReader : IDisposable
{
    ClassSharing Of(string className);
}

internal static class SharingReader
{
    public static ISharingReader Open(TestAssembly assembly) => assembly.Framework switch
    {
        TestFramework.XUnit2 or TestFramework.XUnit3 => new XUnitCollections(assembly),
        TestFramework.NUnit => new NUnitSharing(assembly),
        _ => new MSTestSharing(assembly),
    };
}
