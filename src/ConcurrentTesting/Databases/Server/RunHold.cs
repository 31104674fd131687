using System.Collections.Concurrent;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases.Server;

/// <summary>
/// Shows the world, by locks on a server, that this run lives, and names the databases that are the run's. Locks that are lost, as in a server's restart, are taken again
/// unless another run has meanwhile taken this one for dead and swept.
/// </summary>
/// <typeparam name="TLock">A session that holds locks.</typeparam>
/// <param name="server">Host and port, for messages.</param>
/// <param name="longestRestart">How long the server may be away until the run gives it up.</param>
internal abstract class RunHold<TLock>(string runId, string server, TimeSpan longestRestart, Redactor secrets, ILogger logger, TimeProvider time) : IAsyncDisposable
    where TLock : class, IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);

    /// <summary>What this run has to drop; true for what is finished and in use.</summary>
    private readonly ConcurrentDictionary<string, bool> _databases = new();

    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _ending = new();
    private TLock? _run;
    private TLock? _templates;
    private Task _watch = Task.CompletedTask;

    /// <summary>Cancelled when the locks are lost for good: the run's databases are no longer protected.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The session for locks of templates and of runs that may be dead.</summary>
    public TLock Templates => _templates ?? throw new InvalidOperationException("the run's locks have not been taken");

    /// <summary>All databases of this run that may exist.</summary>
    public ICollection<string> Databases => _databases.Keys;

    protected string RunToken { get; } = OwnDatabaseName.RunToken(runId);

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

    /// <summary>A database is gone, or nobody's any more.</summary>
    public void Forget(string database) => _databases.TryRemove(database, out _);

    /// <summary>Takes the locks, before anything of the run exists; once they are taken it does nothing.</summary>
    /// <exception cref="ConcurrentTestException">A run with this id lives.</exception>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (_run is not null)
            return;
        if (!await TryTakeAsync(cancellationToken))
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"a run with the id {runId} is under way at {server} already");
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
        foreach (var held in new[] { _templates, _run })
        {
            if (held is not null)
                await held.DisposeAsync();
        }

        _ending.Dispose();
        _lost.Dispose();
    }

    protected abstract Task<TLock> OpenAsync(CancellationToken cancellationToken);

    /// <returns>False where another session holds the run's lock.</returns>
    protected abstract Task<bool> TryTakeRunAsync(TLock run, CancellationToken cancellationToken);

    /// <summary>Takes for a new session what the last one held for templates.</summary>
    protected abstract Task ShareTemplatesAsync(TLock templates, CancellationToken cancellationToken);

    /// <summary>Returns when the session or its lock is lost, or throws when cancelled. Nothing else may use the session meanwhile.</summary>
    protected abstract Task WatchAsync(TLock run, CancellationToken cancellationToken);

    /// <summary>The names of the databases on the server.</summary>
    protected abstract Task<IReadOnlyList<string>> ListDatabasesAsync(CancellationToken cancellationToken);

    protected abstract FaultCause Classify(Exception exception);

    private async Task WatchAsync()
    {
        try
        {
            do
            {
                await WatchAsync(_run!, _ending.Token);
                logger.LogWarning("The connection that protects this run's databases at {Server} is lost: taking hold of them again", server);
            }
            while (await TakeAgainAsync(_ending.Token));
            logger.LogError("This run's databases at {Server} are no longer protected: the run has to stop", server);
            await _lost.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The run is at its end.
        }
    }

    private async Task<bool> TakeAgainAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var holds = false;
        while (time.GetElapsedTime(started) < longestRestart)
        {
            try
            {
                // Once taken it is ours: asking again would find our own session in the way.
                holds = holds || await TryTakeAsync(cancellationToken);
                if (holds)
                    return await HasAllAsync(cancellationToken);
            }
            catch (Exception exception) when (Classify(exception) != FaultCause.None)
            {
                logger.LogDebug("No hold yet: {Reason}", secrets.Redact(exception.Message));
            }

            await Task.Delay(Interval, time, cancellationToken);
        }

        return false;
    }

    private async Task<bool> TryTakeAsync(CancellationToken cancellationToken)
    {
        var opened = new List<TLock?>();
        try
        {
            var run = await OpenAsync(cancellationToken);
            opened.Add(run);
            var templates = await OpenAsync(cancellationToken);
            opened.Add(templates);
            await ShareTemplatesAsync(templates, cancellationToken);
            if (!await TryTakeRunAsync(run, cancellationToken))
                return false;

            // The broken ones are disposed of below.
            opened = [_run, _templates];
            (_run, _templates) = (run, templates);
            return true;
        }
        finally
        {
            foreach (var unused in opened.OfType<TLock>())
                await unused.DisposeAsync();
        }
    }

    private async Task<bool> HasAllAsync(CancellationToken cancellationToken)
    {
        // Workers go on making and dropping databases while the server is asked.
        var before = _databases.Where(own => own.Value).Select(own => own.Key).ToList();
        var there = await ListDatabasesAsync(cancellationToken);
        return !before.Except(there).Any(name => _databases.GetValueOrDefault(name));
    }
}
