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
        json.WriteString("id"u8, redactor.Redact(test.Id));
        json.WriteString("assembly"u8, test.Assembly.Name);
        json.WriteString("framework"u8, test.Assembly.TargetFramework);
        json.WriteString("class"u8, test.ClassName);
        json.WriteString("name"u8, redactor.Redact(test.Name));
        json.WriteString("outcome"u8, Outcomes[(int)test.Outcome]);
        json.WriteNumber("worker"u8, final.Worker);
        json.WriteString("database"u8, final.Database);
        json.WriteString("startedAt"u8, final.StartedAt.ToUniversalTime());
        json.WriteNumber("seconds"u8, final.Duration.TotalSeconds);
        json.WriteStartArray("attempts"u8);
        foreach (var attempt in test.Attempts)
            Write(json, attempt, redactor);
        json.WriteEndArray();
        Write(json, final.Figures ?? TestFigures.NotMeasured);
        json.WriteBoolean("flaky"u8, test.IsFlaky);
        WriteNumber(json, "flakyRuns"u8, test.KnownFlaky?.Runs);
        json.WriteString("quarantine"u8, test.IsMuted ? redactor.Redact(test.Quarantine!) : null);
        json.WriteString("method"u8, test.MethodName);
        json.WriteString("caseId"u8, test.CaseId);
        json.WriteString("path"u8, test.Assembly.Path);
        json.WriteString("file"u8, test.SourceFile);
        WriteNumber(json, "line"u8, test.Line);
        Write(json, test.Repeats);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TestAttempt attempt, Redactor redactor)
    {
        json.WriteStartObject();
        json.WriteNumber("number"u8, attempt.Number);
        json.WriteString("outcome"u8, Outcomes[(int)attempt.Outcome]);
        json.WriteNumber("worker"u8, attempt.Worker);
        json.WriteNumber("batch"u8, attempt.Batch);
        json.WriteString("database"u8, attempt.Database);
        json.WriteString("startedAt"u8, attempt.StartedAt.ToUniversalTime());
        json.WriteNumber("seconds"u8, attempt.Duration.TotalSeconds);
        json.WriteString("cause"u8, attempt.Cause);
        json.WriteString("message"u8, RunDocumentSource.Capped(attempt.Message, TextCap.Message, redactor));
        json.WriteString("stackTrace"u8, RunDocumentSource.Capped(attempt.StackTrace, TextCap.Stream, redactor));
        WriteNumber(json, "round"u8, attempt.Round);
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
            json.WriteNull("repeats"u8);
            return;
        }

        json.WriteStartObject("repeats"u8);
        json.WriteNumber("runs"u8, count.Runs);
        json.WriteNumber("failed"u8, count.Failed);
        json.WriteNumber("rate"u8, count.Rate);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, int? value)
    {
        if (value is { } number)
            json.WriteNumber(name, number);
        else
            json.WriteNull(name);
    }
}
