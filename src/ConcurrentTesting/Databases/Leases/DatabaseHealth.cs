using System.Collections.Concurrent;
using Polly;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>Asks every live clone for a sign of life, once in an interval, and remembers which gave none.</summary>
internal sealed class DatabaseHealth(
    IDatabaseEngine engine,
    DroppedClones dropped,
    ResiliencePipeline retries,
    DatabaseCounts counts,
    TimeSpan interval,
    Redactor secrets,
    ILogger logger,
    TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DatabaseClone> _live = new();
    private readonly ConcurrentDictionary<string, bool> _failing = new();
    private readonly ConcurrentDictionary<string, bool> _dropped = new();

    public void Watch(DatabaseClone clone) => _live[clone.Name] = clone;

    public void Forget(DatabaseClone clone)
    {
        _live.TryRemove(clone.Name, out _);
        _failing.TryRemove(clone.Name, out _);
        _dropped.TryRemove(clone.Name, out _);
    }

    /// <summary>Tests have dropped it and had not made another one at the last look: the next tests may need it.</summary>
    public bool IsDropped(DatabaseClone clone) => _dropped.ContainsKey(clone.Name);

    public bool IsFailing(DatabaseClone clone) => _failing.ContainsKey(clone.Name);

    /// <summary>Looks whether it is still what was made for the worker: tests may have dropped it, or made another one.</summary>
    /// <returns>True where that cannot be told.</returns>
    public async Task<bool> IsOwnAsync(DatabaseClone clone, CancellationToken cancellationToken) =>
        await TryProbeAsync(clone, cancellationToken) is null or DatabaseState.Own;

    /// <returns>Null where the clone's state is not known.</returns>
    public async Task<DatabaseState?> TryProbeAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        try
        {
            return await engine.ProbeAsync(clone, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            logger.LogDebug("The state of {Name} is not known: {Reason}", clone.Name, secrets.Redact(exception.Message));
            return null;
        }
    }

    /// <summary>Checks until it is cancelled.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var clone in _live.Values)
                    await CheckAsync(clone, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is at its end.
        }
    }

    private async Task CheckAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        try
        {
            var state = await retries.ExecuteAsync(async token => await engine.ProbeAsync(clone, token), cancellationToken);
            if (!_live.ContainsKey(clone.Name))
                return;
            counts.Add(CountNames.Healthy, 1);
            dropped.Note(clone, state);
            if (state == DatabaseState.Dropped)
                _dropped[clone.Name] = true;
            else
                _dropped.TryRemove(clone.Name, out _);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The database was dropped while it was being looked at.
            if (!_live.ContainsKey(clone.Name))
                return;
            counts.Add(CountNames.Unhealthy, 1);
            _failing[clone.Name] = true;
            logger.LogWarning("The database {Name} does not answer: {Reason}", clone.Name, secrets.Redact(exception.Message));
        }
    }
}
