using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace ConcurrentTesting.VsTest;

/// <summary>What a test host is asked for in one go, and what it answers.</summary>
/// <param name="initialize">The platform's word for the message that tells a host its adapters.</param>
/// <param name="request">The platform's word for the request.</param>
/// <param name="criteria">What the request takes.</param>
internal abstract class HostOperation(string initialize, string request, object criteria)
{
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Initialize => initialize;

    public string Request => request;

    public object Criteria => criteria;

    public Task Completed => _completed.Task;

    protected static JsonDataSerializer Serializer => JsonDataSerializer.Instance;

    /// <summary>Takes a message of those that come most; false: it is none that the reader knows, and nothing was taken.</summary>
    public abstract bool Take(MessageReader reader, ReadOnlySpan<byte> message);

    /// <summary>Takes a message of the host; false: it is none of this operation's.</summary>
    public bool Take(Message message)
    {
        if (message.MessageType != MessageType.TestMessage || Serializer.DeserializePayload<TestMessagePayload>(message) is not { } said)
            return TakeAnswer(message);
        Say(said.MessageLevel, said.Message);
        return true;
    }

    /// <summary>The host died or was ended before the operation was complete.</summary>
    /// <param name="reason">Why, in the platform's own words, which others read too; null: it was ended.</param>
    public abstract void Abort(string? reason);

    public void Fail(Exception exception) => _completed.TrySetException(exception);

    /// <summary>Takes what this operation alone is answered.</summary>
    protected abstract bool TakeAnswer(Message message);

    /// <summary>The platform or an adapter said something.</summary>
    protected abstract void Say(TestMessageLevel level, string? text);

    protected void Complete() => _completed.TrySetResult();
}

/// <summary>A run of tests.</summary>
internal sealed class HostRunOperation(string request, object criteria, HostRunHandler handler)
    : HostOperation(MessageType.ExecutionInitialize, request, criteria)
{
    public override bool Take(MessageReader reader, ReadOnlySpan<byte> message)
    {
        if (reader.ReadRunChange(message) is not { } change)
            return false;
        handler.HandleTestRunStatsChange(change);
        return true;
    }

    protected override bool TakeAnswer(Message message)
    {
        switch (message.MessageType)
        {
            case MessageType.TestRunStatsChange:
                handler.HandleTestRunStatsChange(Lighten(Serializer.DeserializePayload<TestRunChangedEventArgs>(message)));
                return true;
            case MessageType.ExecutionComplete:
                var end = Serializer.DeserializePayload<TestRunCompletePayload>(message)!;
                handler.HandleTestRunComplete(end.TestRunCompleteArgs!, Lighten(end.LastRunTests), end.RunAttachments, end.ExecutorUris);
                Complete();
                return true;
            default:
                return false;
        }
    }

    protected override void Say(TestMessageLevel level, string? text) => handler.HandleLogMessage(level, text);

    public override void Abort(string? reason) => handler.Abort(reason);

    // Results are kept until their batch ends, so this value, which would run the test again, is left out, as MessageReader does.
    private static TestRunChangedEventArgs? Lighten(TestRunChangedEventArgs? change)
    {
        if (TestProperty.Find(XUnit3Serialization.Property) is not { } toRun)
            return change;
        foreach (var result in change?.NewTestResults ?? [])
            result.TestCase.RemovePropertyValue(toRun);
        return change;
    }
}

/// <summary>A discovery of tests.</summary>
internal sealed class HostDiscoveryOperation(DiscoveryCriteria criteria, DiscoveryHandler handler)
    : HostOperation(MessageType.DiscoveryInitialize, MessageType.StartDiscovery, criteria)
{
    public override bool Take(MessageReader reader, ReadOnlySpan<byte> message)
    {
        if (reader.ReadFound(message) is not { } tests)
            return false;
        handler.HandleDiscoveredTests(tests);
        return true;
    }

    protected override bool TakeAnswer(Message message)
    {
        switch (message.MessageType)
        {
            case MessageType.TestCasesFound:
                handler.HandleDiscoveredTests(Serializer.DeserializePayload<IEnumerable<TestCase>>(message));
                return true;
            case MessageType.DiscoveryComplete:
                var end = Serializer.DeserializePayload<DiscoveryCompletePayload>(message)!;
                handler.HandleDiscoveryComplete(new DiscoveryCompleteEventArgs(end.TotalTests, end.IsAborted), end.LastDiscoveredTests);
                Complete();
                return true;
            default:
                return false;
        }
    }

    protected override void Say(TestMessageLevel level, string? text) => handler.HandleLogMessage(level, text);

    public override void Abort(string? reason)
    {
        if (reason is not null)
            Say(TestMessageLevel.Error, $"The active test discovery was aborted. Reason: {reason}");
    }
}
