using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace ConcurrentTesting.VsTest;

/// <summary>Gathers what the platform tells of one discovery. Called on any thread.</summary>
internal sealed class DiscoveryHandler : ITestDiscoveryEventsHandler2
{
    private readonly ImmutableArray<TestCase>.Builder _cases = ImmutableArray.CreateBuilder<TestCase>();
    private readonly ImmutableArray<SessionMessage>.Builder _messages = ImmutableArray.CreateBuilder<SessionMessage>();
    private readonly SharedValues _shared = new();
    private readonly List<TestCase> _unpacked = [];
    private readonly Lock _lock = new();
    private bool _isComplete;

    /// <summary>What was found so far; aborted until the platform said that the discovery is complete.</summary>
    public SessionDiscovery ToDiscovery()
    {
        lock (_lock)
            return new SessionDiscovery(_cases.ToImmutable(), _messages.ToImmutable(), !_isComplete);
    }

    public void HandleDiscoveredTests(IEnumerable<TestCase>? discoveredTestCases)
    {
        lock (_lock)
            Keep(discoveredTestCases);
    }

    public void HandleDiscoveryComplete(DiscoveryCompleteEventArgs discoveryCompleteEventArgs, IEnumerable<TestCase>? lastChunk)
    {
        lock (_lock)
        {
            Keep(lastChunk);
            Pack();
            _isComplete = !discoveryCompleteEventArgs.IsAborted;
        }
    }

    public void HandleLogMessage(TestMessageLevel level, string? message)
    {
        lock (_lock)
            _messages.Add(new SessionMessage(HostRunHandler.LevelOf(level), message ?? ""));
    }

    public void HandleRawMessage(string rawMessage)
    {
    }

    private void Keep(IEnumerable<TestCase>? chunk)
    {
        foreach (var test in (chunk ?? []).Select(_shared.Share))
        {
            _cases.Add(test);
            _unpacked.Add(test);
            if (_unpacked.Count == PackedValues.CasesTogether)
                Pack();
        }
    }

    // Most cases arrive one by one, and are packed together here.
    private void Pack()
    {
        PackedValues.Pack(_unpacked);
        _unpacked.Clear();
    }
}
