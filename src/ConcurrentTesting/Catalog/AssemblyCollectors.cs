namespace ConcurrentTesting.Catalog;

/// <summary>The data collectors that a test assembly's run settings ask for, and where they are loaded from.</summary>
internal sealed record AssemblyCollectors
{
    public static AssemblyCollectors None { get; } = new();

    /// <summary>Folders that VSTest does not look into by itself.</summary>
    public ImmutableArray<string> Folders { get; init; } = [];

    /// <summary>The collector that <c>--test-coverage</c> adds, by its friendly name; null where the run settings name one.</summary>
    public string? Added { get; init; }

    /// <summary>One of them collects coverage.</summary>
    public bool CollectCoverage { get; init; }

    /// <summary>coverlet's collector, absolute; null where it is not asked for.</summary>
    public string? Coverlet { get; init; }
}
