namespace ConcurrentTesting.Record;

/// <summary>Reads the lines that a journal has of each test, in a fraction of the time that the serializer takes. Lines that are in any way
/// not as they are usually written are for the serializer.</summary>
internal sealed class FrequentLines(AssemblyKeys assemblies, SharedText text)
{
    private static readonly ImmutableArray<byte[]> Outcomes = [.. Enum.GetNames<TestOutcome>().Select(Encoding.UTF8.GetBytes)];
    private static readonly TestOutcome[] OutcomeValues = Enum.GetValues<TestOutcome>();

    /// <returns>Null: it is for the serializer.</returns>
    public RunEvent? Read(ReadOnlySpan<byte> line)
    {
        try
        {
            return line.StartsWith("{\"event\":\"attempt-ended\","u8) ? ReadAttempt(line)
                : line.StartsWith("{\"event\":\"unit\","u8) ? ReadUnit(line)
                : null;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is no text; the serializer says so.
            return null;
        }
    }

    private AttemptEnded? ReadAttempt(ReadOnlySpan<byte> line)
    {
        var json = new WrittenJson(line, text);
        json.Begin();
        json.Text("event"u8);
        var ended = new AttemptEnded
        {
            Version = json.Number("v"u8),
            At = json.Time("at"u8),
            Test = ReadTest(ref json),
            Row = json.Number("row"u8),
            Occurrence = json.Number("occurrence"u8),
            ClassName = json.Text("className"u8),
            MethodName = json.Text("methodName"u8),
            Name = json.Text("name"u8),
            AdapterName = json.OptionalText("adapterName"u8),
            Traits = json.Items("traits"u8, ReadTrait),
            SourceFile = json.OptionalText("sourceFile"u8),
            Line = json.OptionalNumber("line"u8),
            Quarantine = json.OptionalText("quarantine"u8),
            Attempt = ReadAttempt(ref json),
            IsFinal = json.Flag("isFinal"u8),
        };
        json.End();
        return json.IsAsWritten ? ended : null;
    }

    private TestRef ReadTest(ref WrittenJson json)
    {
        json.BeginObject("test"u8);
        var (assembly, test) = (json.Text("assembly"u8), json.Id("case"u8));
        json.EndObject();
        return json.IsAsWritten ? new TestRef(assemblies.Named(assembly), test) : default;
    }

    private static TestAttempt ReadAttempt(ref WrittenJson json)
    {
        json.BeginObject("attempt"u8);
        var attempt = new TestAttempt
        {
            Outcome = OutcomeValues[json.Word("outcome"u8, Outcomes)],
            Worker = json.Number("worker"u8),
            Batch = json.Number("batch"u8),
            Number = json.Number("number"u8),
            Database = json.OptionalText("database"u8),
            StartedAt = json.Time("startedAt"u8),
            Duration = json.Duration("duration"u8),
            Message = json.OptionalText("message"u8),
            StackTrace = json.OptionalText("stackTrace"u8),
            StandardOutput = json.OptionalText("standardOutput"u8),
            StandardError = json.OptionalText("standardError"u8),
            Cause = json.OptionalText("cause"u8),
            Round = json.OptionalNumber("round"u8),
            Attachments = json.Texts("attachments"u8),
        };
        json.EndObject();
        return attempt;
    }

    private static KeyValuePair<string, string> ReadTrait(ref WrittenJson json)
    {
        json.BeginArray();
        var trait = KeyValuePair.Create(json.Item(), json.Item());
        json.EndArray();
        return trait;
    }

    private UnitPlanned? ReadUnit(ReadOnlySpan<byte> line)
    {
        var json = new WrittenJson(line, text);
        json.Begin();
        json.Text("event"u8);
        var unit = new UnitPlanned
        {
            Version = json.Number("v"u8),
            At = json.Time("at"u8),
            Name = json.Text("name"u8),
            Assembly = ReadAssembly(ref json),
            Tie = json.OptionalText("tie"u8),
            OneProcess = json.OptionalText("oneProcess"u8),
            Tests = json.Objects("tests"u8, ReadPlanned),
        };
        json.End();
        return json.IsAsWritten ? unit : null;
    }

    private TestAssembly ReadAssembly(ref WrittenJson json)
    {
        var key = json.Text("assembly"u8);
        return json.IsAsWritten ? assemblies.Named(key) : null!;
    }

    private static PlannedTest ReadPlanned(ref WrittenJson json) => new()
    {
        Case = json.Id("case"u8),
        ClassName = json.Text("className"u8),
        MethodName = json.Text("methodName"u8),
        Name = json.Text("name"u8),
        Cases = json.Number("cases"u8),
        HasKnownRows = json.Flag("hasKnownRows"u8),
        Seconds = json.Real("seconds"u8),
        IsExclusive = json.Flag("isExclusive"u8),
        SourceFile = json.OptionalText("sourceFile"u8),
        Line = json.OptionalNumber("line"u8),
    };
}
