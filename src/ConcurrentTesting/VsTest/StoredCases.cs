using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;

namespace ConcurrentTesting.VsTest;

/// <summary>A discovery as text, in the platform's own messages, and back: what is read is what a test host would have said.</summary>
internal static class StoredCases
{
    private const int CasesTogether = 1_000;

    private static JsonDataSerializer Serializer => JsonDataSerializer.Instance;

    /// <summary>Writes a line for every few cases.</summary>
    public static IEnumerable<string> Write(SessionDiscovery discovery) => discovery.Cases.Chunk(CasesTogether)
        .Select(cases => Serializer.SerializePayload(
            MessageType.TestCasesFound, PackedValues.Unpack(cases).ToList(), MessageReader.Version));

    /// <exception cref="FormatException">A line is no such message.</exception>
    public static SessionDiscovery Read(IEnumerable<string> lines)
    {
        var handler = new DiscoveryHandler();
        var reader = new MessageReader();
        var count = 0;
        foreach (var line in lines)
        {
            var cases = reader.ReadFound(Encoding.UTF8.GetBytes(line)) ?? ReadByPlatform(line);
            handler.HandleDiscoveredTests(cases);
            count += cases.Count;
        }

        handler.HandleDiscoveryComplete(new DiscoveryCompleteEventArgs(count, isAborted: false), lastChunk: null);
        return handler.ToDiscovery();
    }

    private static List<TestCase> ReadByPlatform(string line)
    {
        var message = Serializer.DeserializeMessage(line);
        return message.MessageType == MessageType.TestCasesFound && Serializer.DeserializePayload<List<TestCase>>(message) is { } cases
            ? cases
            : throw new FormatException($"'{message.MessageType}' is no message with test cases.");
    }

    /// <summary>Compiles what reads and writes messages, on a thread that has nothing else to do: it takes longer than the messages
    /// themselves.</summary>
    public static void WarmUp()
    {
        var test = new TestCase("Shop.Tests.Holds", new Uri("executor://shop"), "Shop.Tests.dll");
        try
        {
            Read([.. Write(new SessionDiscovery([test], [], IsAborted: false))]);
        }
        catch (Exception)
        {
            // Whoever needs this for tests will report the fault.
        }
    }
}
