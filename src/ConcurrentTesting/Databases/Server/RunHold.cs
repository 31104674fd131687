using System.Collections.Concurrent;

namespace ConcurrentTesting.Databases.Server;

/// <summary>Shows other runs, by locks on a server, that this run lives, and names the run's databases. Locks that are lost, as in a
/// server's restart, are taken again unless another run has meanwhile taken this one for dead and removed all of its databases.</summary>
internal sealed class RunHold(ILockServer server, ServerContext context) : IAsyncDisposable
{
    /// <summary>How long a server may be away during a run before the run gives up.</summary>
    private static readonly TimeSpan LongestRestart = TimeSpan.FromSeconds(60);

    /// <summary>A throwaway server of the run's own, which can only recover from a crash of one of its processes: nobody starts it
    /// again.</summary>
    private static readonly TimeSpan LongestRestartOfOurs = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    private readonly LockName _name = LockName.OfRun(OwnDatabaseName.RunToken(context.RunId));

    /// <summary>What this run has to drop; true for what is finished and in use.</summary>
    private readonly ConcurrentDictionary<string, bool> _databases = new();

    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _ending = new();
    private ILockSession? _run;
    private Task _watch = Task.CompletedTask;

    /// <summary>Cancelled when the locks are lost for good: the run's databases are no longer protected.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The locks on templates, and on runs that may be dead, in a session of their own.</summary>
    public ServerLocks Locks { get; } = new(server, context.Time);

    /// <summary>All databases of this run that may exist.</summary>
    public ICollection<string> Databases => _databases.Keys;

    /// <summary>A database is about to be created.</summary>
    /// <returns>False where an earlier try may have left it half-made.</returns>
    public bool Begin(string database)
    {
        var isNew = !_databases.ContainsKey(database);
        _databases[database] = false;
        return isNew;
    }

    /// <summary>A database is whole: without it the run cannot go on.</summary>
    public void Finish(string database) => _databases[database] = true;

    /// <summary>A database is about to be dropped.</summary>
    public void Abandon(string database) => _databases.TryUpdate(database, false, true);

    /// <summary>A database was dropped, or no run owns it any more.</summary>
    public void Forget(string database) => _databases.TryRemove(database, out _);

    /// <summary>Takes the run's lock, before anything of the run exists; once it is taken this does nothing.</summary>
    /// <exception cref="ConcurrentTestException">A run with this id lives.</exception>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (_run is not null)
            return;
        if (!await TryTakeAsync(cancellationToken))
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"a run with the id {context.RunId} is already under way at {server.Address}");
        }

        _watch = WatchAsync();
    }

    /// <summary>The locks stay until disposal, but nobody watches them any more.</summary>
    public async Task StopWatchingAsync()
    {
        await _ending.CancelAsync();
        await _watch;
    }

    public async ValueTask DisposeAsync()
    {
        await StopWatchingAsync();
        await Locks.DisposeAsync();
        if (_run is not null)
            await _run.DisposeAsync();
        _ending.Dispose();
        _lost.Dispose();
    }

    private async Task WatchAsync()
    {
        try
        {
            do
            {
                await _run!.WatchAsync(_name, _ending.Token);
                context.Logger.LogWarning(
                    "The connection that protects this run's databases at {Server} was lost: it is being restored", server.Address);
            }
            while (await TakeAgainAsync(_ending.Token));
            context.Logger.LogError("This run's databases at {Server} are no longer protected: the run stops", server.Address);
            await _lost.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The run is at its end.
        }
    }

    private async Task<bool> TakeAgainAsync(CancellationToken cancellationToken)
    {
        var started = context.Time.GetTimestamp();
        var holds = false;
        while (context.Time.GetElapsedTime(started) < (context.IsOurs ? LongestRestartOfOurs : LongestRestart))
        {
            try
            {
                // A lock that was taken stays ours; asking again would find our own session holding it.
                holds = holds || await TryTakeAsync(cancellationToken);
                if (holds)
                    return await HasAllAsync(cancellationToken);
            }
            catch (Exception exception) when (server.Classify(exception) != FaultCause.None)
            {
                context.Logger.LogDebug("The databases are not protected yet: {Reason}", context.Secrets.Redact(exception.Message));
            }

            await Task.Delay(Interval, context.Time, cancellationToken);
        }

        return false;
    }

    private async Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        var session = await server.OpenLockSessionAsync(cancellationToken);
        try
        {
            if (!await session.TryAsync(_name, cancellationToken))
                return false;
            await Locks.RenewAsync(cancellationToken);
            // The broken session is disposed of below.
            (_run, session) = (session, _run);
            return true;
        }
        finally
        {
            if (session is not null)
                await session.DisposeAsync();
        }
    }

    private async Task<bool> HasAllAsync(CancellationToken cancellationToken)
    {
        // Workers go on making and dropping databases while the server is asked.
        var before = _databases.Where(own => own.Value).Select(own => own.Key).ToList();
        var there = (await server.ListDatabasesAsync(cancellationToken)).ToHashSet(StringComparer.Ordinal);
        var gone = before.FindAll(name => !there.Contains(name) && _databases.GetValueOrDefault(name));
        if (gone.Count > 0)
        {
            context.Logger.LogWarning(
                "{Databases} at {Server} are gone since the connection was lost: the tests dropped them, or another run did",
                string.Join(", ", gone), server.Address);
        }

        // Tests drop a database to make it anew (EF Core's EnsureDeleted); a run that takes this one for dead drops them all.
        return gone.Count == 0 || before.Exists(there.Contains);
    }
}
