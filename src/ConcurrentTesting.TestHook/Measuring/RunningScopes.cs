namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>The tests that have begun and not ended: one at a time, as far as the engine can have it so.</summary>
internal sealed class RunningScopes
{
    private readonly object _gate = new();
    private volatile TestScope[] _now = [];

    /// <summary>Read for each command that no framework's context names a test of.</summary>
    public TestScope[] Now => _now;

    public void Add(TestScope scope)
    {
        lock (_gate)
        {
            if (Array.IndexOf(_now, scope) < 0)
                _now = [.. _now, scope];
        }
    }

    public void Remove(TestScope scope)
    {
        lock (_gate)
        {
            if (Array.IndexOf(_now, scope) >= 0)
                _now = _now is [_] ? [] : Array.FindAll(_now, other => !ReferenceEquals(other, scope));
        }
    }
}
