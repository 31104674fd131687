namespace ConcurrentTesting.Discovery;

/// <summary>Gathers what is wrong with each assembly, so that all of it is said at once and no run goes on without one: a green run that
/// silently left out an assembly would be a lie.</summary>
internal sealed class DiscoveryProblems
{
    private readonly Lock _lock = new();
    private readonly List<string> _messages = [];

    /// <summary>Adds a problem in one line: the assembly, what is wrong, what to do.</summary>
    public void Add(string message)
    {
        lock (_lock)
            _messages.Add(message);
    }

    /// <exception cref="ConcurrentTestException">There is at least one.</exception>
    public void ThrowIfAny()
    {
        lock (_lock)
        {
            if (_messages.Count > 0)
                throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, string.Join('\n', _messages.Distinct()));
        }
    }
}
