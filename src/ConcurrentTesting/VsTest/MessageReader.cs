using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using TestResult = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestResult;
using VsOutcome = Microsoft.VisualStudio.TestPlatform.ObjectModel.TestOutcome;

namespace ConcurrentTesting.VsTest;

/// <summary>Reads the messages of a test host that come twice a test, for which the platform's own serializer takes most of the time that a
/// run needs beside its tests. It knows one version of the protocol, each name in its place, and each usual kind of value; the platform
/// reads a message with anything else. Not thread-safe.</summary>
internal sealed class MessageReader
{
    /// <summary>The version of the protocol that it knows.</summary>
    public const int Version = 7;

    private static readonly byte[] RunChange = StartOf(MessageType.TestRunStatsChange);
    private static readonly byte[] Found = StartOf(MessageType.TestCasesFound);

    private readonly TestPropertyReader _properties = new();

    // Most tests of a host share these values.
    private string? _source;
    private string? _file;
    private Uri? _executor;

    private delegate T Reading<out T>(ref MessageCursor cursor);

    /// <summary>What happened in a run, without what would run its tests again, which nobody needs of a result; null: the platform has to
    /// read it.</summary>
    public TestRunChangedEventArgs? ReadRunChange(ReadOnlySpan<byte> message) => Read(message, RunChange, Change);

    /// <summary>Tests that were found; null: the platform has to read it.</summary>
    public IReadOnlyList<TestCase>? ReadFound(ReadOnlySpan<byte> message) => Read(message, Found, Cases);

    private static byte[] StartOf(string type) =>
        Encoding.UTF8.GetBytes(FormattableString.Invariant($$"""{"Version":{{Version}},"MessageType":"{{type}}","Payload":"""));

    private static T? Read<T>(ReadOnlySpan<byte> message, byte[] start, Reading<T> read)
        where T : class
    {
        if (!message.StartsWith(start) || message[^1] != (byte)'}')
            return null;
        try
        {
            var cursor = new MessageCursor(message[start.Length..^1]);
            cursor.Move();
            var told = read(ref cursor);
            cursor.End();
            return told;
        }
        catch (Exception)
        {
            // The platform says what is wrong with the message, or that nothing is.
            return null;
        }
    }

    private TestRunChangedEventArgs Change(ref MessageCursor cursor)
    {
        cursor.Expect(JsonTokenType.StartObject);
        cursor.Name("NewTestResults"u8);
        var results = List(ref cursor, Result);
        cursor.Name("TestRunStatistics"u8);
        var statistics = Statistics(ref cursor);
        cursor.Name("ActiveTests"u8);
        var active = cursor.IsNull ? null : List(ref cursor, Told);
        cursor.Move(JsonTokenType.EndObject);
        return new TestRunChangedEventArgs(statistics, results, active);
    }

    private List<TestCase> Cases(ref MessageCursor cursor) => List(ref cursor, ToRun);

    private static List<T> List<T>(ref MessageCursor cursor, Reading<T> read)
    {
        cursor.Expect(JsonTokenType.StartArray);
        var list = new List<T>();
        while (cursor.MoveIn())
            list.Add(read(ref cursor));
        return list;
    }

    private static TestRunStatistics Statistics(ref MessageCursor cursor)
    {
        cursor.Expect(JsonTokenType.StartObject);
        cursor.Name("ExecutedTests"u8);
        var executed = cursor.Json.GetInt64();
        cursor.Name("Stats"u8);
        cursor.Expect(JsonTokenType.StartObject);
        var counts = new Dictionary<VsOutcome, long>();
        while (cursor.MoveOverName())
        {
            var outcome = Outcome(ref cursor);
            cursor.Move();
            counts[outcome] = cursor.Json.GetInt64();
        }

        cursor.Move(JsonTokenType.EndObject);
        return new TestRunStatistics(executed, counts);
    }

    private static VsOutcome Outcome(ref MessageCursor cursor)
    {
        foreach (var outcome in Enum.GetValues<VsOutcome>())
        {
            if (cursor.Json.ValueTextEquals(outcome.ToString()))
                return outcome;
        }

        throw new FormatException("An outcome that is unknown.");
    }

    private TestResult Result(ref MessageCursor cursor)
    {
        cursor.Expect(JsonTokenType.StartObject);
        cursor.Name("TestCase"u8);
        var result = new TestResult(Told(ref cursor));
        cursor.Name("Attachments"u8);
        cursor.ExpectEmptyArray();
        cursor.Name("Outcome"u8);
        result.Outcome = Known(cursor.Json.GetInt32());
        result.ErrorMessage = cursor.TextOrNull("ErrorMessage"u8);
        result.ErrorStackTrace = cursor.TextOrNull("ErrorStackTrace"u8);
        result.DisplayName = cursor.TextOrNull("DisplayName"u8);
        cursor.Name("Messages"u8);
        foreach (var message in List(ref cursor, Said))
            result.Messages.Add(message);
        result.ComputerName = cursor.TextOrNull("ComputerName"u8);
        result.Duration = cursor.Duration("Duration"u8);
        result.StartTime = cursor.Time("StartTime"u8);
        result.EndTime = cursor.Time("EndTime"u8);
        cursor.Name("Properties"u8);
        _properties.Read(ref cursor, result, isToRun: false);
        cursor.Move(JsonTokenType.EndObject);
        return result;
    }

    private static VsOutcome Known(int outcome) =>
        Enum.IsDefined((VsOutcome)outcome) ? (VsOutcome)outcome : throw new FormatException("An outcome that is unknown.");

    private static TestResultMessage Said(ref MessageCursor cursor)
    {
        cursor.Expect(JsonTokenType.StartObject);
        var message = new TestResultMessage(cursor.Text("Category"u8), cursor.TextOrNull("Text"u8));
        cursor.Move(JsonTokenType.EndObject);
        return message;
    }

    private TestCase ToRun(ref MessageCursor cursor) => Case(ref cursor, isToRun: true);

    private TestCase Told(ref MessageCursor cursor) => Case(ref cursor, isToRun: false);

    private TestCase Case(ref MessageCursor cursor, bool isToRun)
    {
        cursor.Expect(JsonTokenType.StartObject);
        var test = new TestCase { Id = cursor.Guid("Id"u8), FullyQualifiedName = cursor.Text("FullyQualifiedName"u8) };
        test.DisplayName = cursor.Text("DisplayName"u8);
        test.ExecutorUri = Executor(ref cursor);
        test.Source = cursor.Text("Source"u8, ref _source) ?? throw new FormatException("A test of no assembly.");
        test.CodeFilePath = cursor.Text("CodeFilePath"u8, ref _file);
        cursor.Name("LineNumber"u8);
        test.LineNumber = cursor.Json.GetInt32();
        cursor.Name("Properties"u8);
        _properties.Read(ref cursor, test, isToRun);
        cursor.Move(JsonTokenType.EndObject);
        return test;
    }

    private Uri Executor(ref MessageCursor cursor)
    {
        cursor.Name("ExecutorUri"u8);
        if (_executor is null || !cursor.Json.ValueTextEquals(_executor.OriginalString))
            _executor = new Uri(cursor.Value(), UriKind.Absolute);
        return _executor;
    }
}
