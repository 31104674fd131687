using System.Collections.Immutable;

namespace ConcurrentTesting.Databases.Cleaning;

/// <summary>What of ours is on a server that others use too, for cleaning.</summary>
internal interface IServerInventory : IAsyncDisposable
{
    /// <summary>All databases whose name proves that they are ours, whichever run made them.</summary>
    Task<ImmutableArray<OwnDatabase>> ListOwnAsync(CancellationToken cancellationToken);

    /// <returns>Whether it is gone; false where a run uses it or it resists.</returns>
    Task<bool> RemoveOwnAsync(OwnDatabase database, CancellationToken cancellationToken);
}

/// <summary>A database of ours on a server.</summary>
/// <param name="IsInUse">A live run works with it.</param>
/// <param name="Bytes">Its size; null where the server does not tell.</param>
internal sealed record OwnDatabase(string Name, OwnDatabaseKind Kind, bool IsInUse, long? Bytes);
