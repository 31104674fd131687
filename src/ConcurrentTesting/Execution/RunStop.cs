using System.Collections.Concurrent;

namespace ConcurrentTesting.Execution;

/// <summary>Ends a run's tests early: because the caller cancels, or because enough tests failed.</summary>
internal sealed class RunStop : IDisposable
{
    private readonly CancellationTokenSource _stop;
    private readonly ConcurrentDictionary<object, bool> _counted = new();
    private readonly int _failFast;
    private int _failures;
    private volatile string? _fault;

    /// <param name="failFast">Failures after which the run stops; 0: never.</param>
    public RunStop(int failFast, CancellationToken cancellationToken)
    {
        _failFast = failFast;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>Why tests that did not run are skipped; null where nothing stopped the run.</summary>
    public string? Reason => Fault ?? (_stop.IsCancellationRequested ? $"Not run: {Cause}" : null);

    /// <summary>Why tests have not ended that were running; null where nothing stopped the run.</summary>
    public string? ReasonOfBegun => _stop.IsCancellationRequested ? $"Started and not finished: {Cause}" : null;

    private string Cause => Fault ?? (HasFailedEnough
        ? $"{Quantity.Of(_failFast, "test")} had failed (--test-fail-fast)."
        : "the run was cancelled.");

    /// <summary>What broke, so that tests that did not run are errors; null where nothing did.</summary>
    public string? Fault => _fault;

    /// <summary>Nothing but failures stopped the run, if anything did.</summary>
    public bool IsByFailures => Fault is null && (!_stop.IsCancellationRequested || HasFailedEnough);

    private bool HasFailedEnough => _failFast > 0 && Volatile.Read(ref _failures) >= _failFast;

    /// <summary>Ends the run because something it cannot do without is gone.</summary>
    public void Break(string fault)
    {
        _fault = fault;
        _ = _stop.CancelAsync();
    }

    /// <summary>Counts a test that failed for good.</summary>
    public void CountFailure()
    {
        if (Interlocked.Increment(ref _failures) == _failFast)
            _ = _stop.CancelAsync();
    }

    /// <summary>Counts what may be told by each batch anew, once.</summary>
    public void CountFailureOf(object what)
    {
        if (_counted.TryAdd(what, true))
            CountFailure();
    }

    public void Dispose() => _stop.Dispose();
}
