using System.Collections.Immutable;
using ConcurrentTesting.Databases.Server;

namespace ConcurrentTesting.Databases.Cleaning;

/// <summary>What of ours is on a server that others use too, for cleaning.</summary>
internal abstract class ServerInventory : IAsyncDisposable
{
    /// <summary>All databases whose name proves that they are ours, whichever run made them.</summary>
    public async Task<ImmutableArray<OwnDatabase>> ListOwnAsync(CancellationToken cancellationToken)
    {
        var own = ImmutableArray.CreateBuilder<OwnDatabase>();
        foreach (var (name, bytes) in await ListAsync(cancellationToken))
        {
            if (OwnDatabaseName.Parse(name) is { } parsed)
                own.Add(new OwnDatabase(name, parsed.Kind, !await WhileUnusedAsync(name, parsed, () => Task.FromResult(true), cancellationToken), bytes));
        }

        return own.ToImmutable();
    }

    /// <returns>Whether it is gone; false where a run uses it or it resists.</returns>
    public async Task<bool> RemoveOwnAsync(OwnDatabase database, CancellationToken cancellationToken)
    {
        var parsed = OwnDatabaseName.Parse(database.Name) ?? throw new InvalidOperationException($"{database.Name} is not a database of ours");
        return await WhileUnusedAsync(database.Name, parsed, () => DropAsync(database, cancellationToken), cancellationToken);
    }

    /// <summary>The accounts that templates of killed runs were built by, or that a living run builds one by.</summary>
    public async Task<ImmutableArray<OwnAccount>> ListAccountsAsync(CancellationToken cancellationToken)
    {
        var own = ImmutableArray.CreateBuilder<OwnAccount>();
        foreach (var name in await ListAccountNamesAsync(cancellationToken))
        {
            if (OwnDatabaseName.Parse(name) is { Kind: OwnDatabaseKind.Run } parsed)
                own.Add(new OwnAccount(name, !await WithLockAsync(name, parsed, () => Task.FromResult(true), cancellationToken)));
        }

        return own.ToImmutable();
    }

    /// <returns>Whether it is gone; false where a run uses it or it resists.</returns>
    public async Task<bool> RemoveAccountAsync(OwnAccount account, CancellationToken cancellationToken)
    {
        var parsed = OwnDatabaseName.Parse(account.Name) ?? throw new InvalidOperationException($"{account.Name} is not an account of ours");
        return await WithLockAsync(account.Name, parsed, () => DropAccountAsync(account.Name, cancellationToken), cancellationToken);
    }

    public abstract ValueTask DisposeAsync();

    /// <summary>The databases whose names begin like ours, with their sizes.</summary>
    protected abstract Task<IReadOnlyList<(string Name, long Bytes)>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Does the action while its lock, the run's or the template's, is ours.</summary>
    /// <returns>False where a live run holds the lock or uses the template.</returns>
    protected abstract Task<bool> WithLockAsync(string name, OwnDatabaseName parsed, Func<Task<bool>> action, CancellationToken cancellationToken);

    protected abstract Task<bool> DropAsync(OwnDatabase database, CancellationToken cancellationToken);

    /// <summary>The accounts whose names begin like ours; none where the server's user may not make any.</summary>
    protected abstract Task<IReadOnlyList<string>> ListAccountNamesAsync(CancellationToken cancellationToken);

    protected abstract Task<bool> DropAccountAsync(string name, CancellationToken cancellationToken);

    // What is kept for people is no run's, and nobody locks it.
    private Task<bool> WhileUnusedAsync(string name, OwnDatabaseName parsed, Func<Task<bool>> action, CancellationToken cancellationToken) =>
        parsed.Kind == OwnDatabaseKind.Kept ? action() : WithLockAsync(name, parsed, action, cancellationToken);
}

/// <summary>A database of ours on a server.</summary>
/// <param name="IsInUse">A live run works with it.</param>
/// <param name="Bytes">Its size; null where the server does not tell.</param>
internal sealed record OwnDatabase(string Name, OwnDatabaseKind Kind, bool IsInUse, long? Bytes);

/// <summary>An account of ours on a server: a template builder's.</summary>
/// <param name="IsInUse">Its run lives.</param>
internal sealed record OwnAccount(string Name, bool IsInUse);
