namespace ConcurrentTesting.Reports.RunJson;

/// <summary>Writes tests as run.json has them: each has the properties of a <see cref="TestDocument"/> in their order. There may be a
/// hundred thousand, so that no document is made of any.</summary>
internal static class TestLines
{
    private static readonly ImmutableArray<(MeasuredFigure Figure, JsonEncodedText Name)> Figures =
        [.. MeasuredFigure.All.Select(figure => (figure, JsonEncodedText.Encode(figure.Name)))];

    private static readonly ImmutableArray<JsonEncodedText> Outcomes =
        [.. Enum.GetNames<TestOutcome>().Select(name => JsonEncodedText.Encode(name))];

    public static void Write(Utf8JsonWriter json, TestRecord test, Redactor redactor)
    {
        var final = test.Final;
        json.WriteStartObject();
        json.WriteString(Names.Id, redactor.Redact(test.Id));
        json.WriteString(Names.Assembly, test.Assembly.Name);
        json.WriteString(Names.Framework, test.Assembly.TargetFramework);
        json.WriteString(Names.Class, test.ClassName);
        json.WriteString(Names.Name, redactor.Redact(test.Name));
        json.WriteString(Names.Outcome, Outcomes[(int)test.Outcome]);
        json.WriteNumber(Names.Worker, final.Worker);
        json.WriteString(Names.Database, final.Database);
        json.WriteString(Names.StartedAt, final.StartedAt.ToUniversalTime());
        json.WriteNumber(Names.Seconds, final.Duration.TotalSeconds);
        json.WriteStartArray(Names.Attempts);
        foreach (var attempt in test.Attempts)
            Write(json, attempt, redactor);
        json.WriteEndArray();
        Write(json, final.Figures ?? TestFigures.NotMeasured);
        json.WriteBoolean(Names.Flaky, test.IsFlaky);
        WriteNumber(json, Names.FlakyRuns, test.KnownFlaky?.Runs);
        json.WriteString(Names.Quarantine, test.IsMuted ? redactor.Redact(test.Quarantine!) : null);
        json.WriteString(Names.Method, test.MethodName);
        json.WriteString(Names.CaseId, test.CaseId);
        json.WriteString(Names.Path, test.Assembly.Path);
        json.WriteString(Names.File, test.SourceFile);
        WriteNumber(json, Names.Line, test.Line);
        Write(json, test.Repeats);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TestAttempt attempt, Redactor redactor)
    {
        json.WriteStartObject();
        json.WriteNumber(Names.Number, attempt.Number);
        json.WriteString(Names.Outcome, Outcomes[(int)attempt.Outcome]);
        json.WriteNumber(Names.Worker, attempt.Worker);
        json.WriteNumber(Names.Batch, attempt.Batch);
        json.WriteString(Names.Database, attempt.Database);
        json.WriteString(Names.StartedAt, attempt.StartedAt.ToUniversalTime());
        json.WriteNumber(Names.Seconds, attempt.Duration.TotalSeconds);
        json.WriteString(Names.Cause, attempt.Cause);
        json.WriteString(Names.Message, RunDocumentSource.Capped(attempt.Message, TextCap.Message, redactor));
        json.WriteString(Names.StackTrace, RunDocumentSource.Capped(attempt.StackTrace, TextCap.Stream, redactor));
        WriteNumber(json, Names.Round, attempt.Round);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TestFigures figures)
    {
        foreach (var (figure, name) in Figures)
        {
            if (figures[figure] is { } value)
                json.WriteNumber(name, value);
            else
                json.WriteNull(name);
        }
    }

    private static void Write(Utf8JsonWriter json, RepeatCount? repeats)
    {
        if (repeats is not { } count)
        {
            json.WriteNull(Names.Repeats);
            return;
        }

        json.WriteStartObject(Names.Repeats);
        json.WriteNumber(Names.Runs, count.Runs);
        json.WriteNumber(Names.Failed, count.Failed);
        json.WriteNumber(Names.Rate, count.Rate);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, JsonEncodedText name, int? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }

    // The writer would look for what has to be escaped in each of them, for each test.
    private static class Names
    {
        public static readonly JsonEncodedText Id = JsonEncodedText.Encode("id");
        public static readonly JsonEncodedText Assembly = JsonEncodedText.Encode("assembly");
        public static readonly JsonEncodedText Framework = JsonEncodedText.Encode("framework");
        public static readonly JsonEncodedText Class = JsonEncodedText.Encode("class");
        public static readonly JsonEncodedText Name = JsonEncodedText.Encode("name");
        public static readonly JsonEncodedText Outcome = JsonEncodedText.Encode("outcome");
        public static readonly JsonEncodedText Worker = JsonEncodedText.Encode("worker");
        public static readonly JsonEncodedText Database = JsonEncodedText.Encode("database");
        public static readonly JsonEncodedText StartedAt = JsonEncodedText.Encode("startedAt");
        public static readonly JsonEncodedText Seconds = JsonEncodedText.Encode("seconds");
        public static readonly JsonEncodedText Attempts = JsonEncodedText.Encode("attempts");
        public static readonly JsonEncodedText Flaky = JsonEncodedText.Encode("flaky");
        public static readonly JsonEncodedText FlakyRuns = JsonEncodedText.Encode("flakyRuns");
        public static readonly JsonEncodedText Quarantine = JsonEncodedText.Encode("quarantine");
        public static readonly JsonEncodedText Method = JsonEncodedText.Encode("method");
        public static readonly JsonEncodedText CaseId = JsonEncodedText.Encode("caseId");
        public static readonly JsonEncodedText Path = JsonEncodedText.Encode("path");
        public static readonly JsonEncodedText File = JsonEncodedText.Encode("file");
        public static readonly JsonEncodedText Line = JsonEncodedText.Encode("line");
        public static readonly JsonEncodedText Number = JsonEncodedText.Encode("number");
        public static readonly JsonEncodedText Batch = JsonEncodedText.Encode("batch");
        public static readonly JsonEncodedText Cause = JsonEncodedText.Encode("cause");
        public static readonly JsonEncodedText Message = JsonEncodedText.Encode("message");
        public static readonly JsonEncodedText StackTrace = JsonEncodedText.Encode("stackTrace");
        public static readonly JsonEncodedText Round = JsonEncodedText.Encode("round");
        public static readonly JsonEncodedText Repeats = JsonEncodedText.Encode("repeats");
        public static readonly JsonEncodedText Runs = JsonEncodedText.Encode("runs");
        public static readonly JsonEncodedText Failed = JsonEncodedText.Encode("failed");
        public static readonly JsonEncodedText Rate = JsonEncodedText.Encode("rate");
    }
}
