namespace ConcurrentTesting.Databases.Leases;

/// <summary>What became of a clone.</summary>
internal enum DatabaseState
{
    /// <summary>It is there, as far as can be told the one that was made.</summary>
    Own,

    /// <summary>The tests have dropped it and made another of its name, as EF Core's EnsureDeleted and EnsureCreated do.</summary>
    Replaced,

    /// <summary>The tests have dropped it.</summary>
    Dropped,
}
