namespace ConcurrentTesting.Databases.Leases;

/// <summary>One worker's hold on databases of its own, and what a test process is told of them.</summary>
/// <param name="Database">The database's name (SQLite: its file's path); null where the run has no databases.</param>
/// <param name="Environment">Variables for the worker's test processes. They may hold that database's password.</param>
internal sealed record DatabaseLease(int Worker, string? Database, ImmutableDictionary<string, string> Environment)
{
    /// <summary>The clones behind the lease, the first being <see cref="Database"/>; empty where the run has no databases.</summary>
    public ImmutableArray<DatabaseClone> Clones { get; init; } = [];

    /// <summary>Leaves out the environment, which may hold a password.</summary>
    public override string ToString() => $"worker {Worker}: {Database ?? "no database"}";
}
