using System.Threading.Channels;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>Clones made ahead, so that a worker gets fresh databases without waiting for them: a bounded channel that is filled as it
/// empties, from the first request on.</summary>
/// <param name="make">Makes the databases of one lease.</param>
/// <param name="drop">Drops the databases that no worker took.</param>
internal sealed class SpareClones(
    int capacity,
    Func<CancellationToken, Task<ImmutableArray<DatabaseClone>>> make,
    Func<ImmutableArray<DatabaseClone>, Task> drop,
    Redactor secrets,
    ILogger logger) : IAsyncDisposable
{
    private readonly Channel<ImmutableArray<DatabaseClone>> _spares = Channel.CreateBounded<ImmutableArray<DatabaseClone>>(capacity);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _gate = new();
    private bool _isEnding;
    private Task? _filling;

    /// <summary>Begins to clone ahead. Called again it does nothing.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            if (!_isEnding)
                _filling ??= Task.Run(() => FillAsync(_ending.Token), CancellationToken.None);
        }
    }

    /// <returns>Null where none is ready.</returns>
    public ImmutableArray<DatabaseClone>? TryTake()
    {
        Begin();
        return _spares.Reader.TryRead(out var spare) ? spare : null;
    }

    public async ValueTask DisposeAsync()
    {
        Task? filling;
        lock (_gate)
        {
            _isEnding = true;
            filling = _filling;
        }

        await _ending.CancelAsync();
        if (filling is not null)
            await filling;
        while (_spares.Reader.TryRead(out var spare))
            await drop(spare);
        _ending.Dispose();
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await _spares.Writer.WaitToWriteAsync(cancellationToken))
                await _spares.Writer.WriteAsync(await make(cancellationToken), CancellationToken.None);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The run is at its end.
        }
        catch (Exception exception)
        {
            // A worker that needs databases then makes them itself, and reports why that fails.
            logger.LogWarning("Databases are no longer cloned in advance: {Reason}", secrets.Redact(exception.Message));
        }
    }
}
