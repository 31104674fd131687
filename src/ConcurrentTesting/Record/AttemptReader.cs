using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace ConcurrentTesting.Record;

/// <summary>Reads the lines that most of a journal is, those of attempts, as the serializer reads them and in a fraction of its time. What
/// it does not know is left to the serializer: a property that is new, figures, whatever is damaged.</summary>
internal sealed class AttemptReader(AssemblyKeys assemblies, SharedText text)
{
    private static readonly ImmutableArray<Field> OfEvent =
    [
        new("event", (ref value, draft) => draft.IsKnown = value.ValueTextEquals("attempt-ended"u8)),
        new("v", (ref value, draft) => draft.IsKnown = value.GetInt32() == RunEvent.CurrentVersion),
        new("at", (ref value, draft) => draft.At = value.GetDateTimeOffset()),
        new("test", (ref value, draft) => draft.Take(ref value, OfTest)),
        new("row", (ref value, draft) => draft.Row = value.GetInt32()),
        new("occurrence", (ref value, draft) => draft.Occurrence = value.GetInt32()),
        new("className", (ref value, draft) => draft.ClassName = draft.Text(ref value)),
        new("methodName", (ref value, draft) => draft.MethodName = draft.Text(ref value)),
        new("name", (ref value, draft) => draft.Name = draft.Text(ref value)),
        new("traits", (ref value, draft) => draft.TakeTraits(ref value)),
        new("sourceFile", (ref value, draft) => draft.SourceFile = draft.Text(ref value)),
        new("line", (ref value, draft) => draft.Line = value.GetInt32()),
        new("quarantine", (ref value, draft) => draft.Quarantine = draft.Text(ref value)),
        new("attempt", (ref value, draft) => draft.Take(ref value, OfAttempt)),
        new("isFinal", (ref value, draft) => draft.IsFinal = value.GetBoolean()),
    ];

    private static readonly ImmutableArray<Field> OfTest =
    [
        new("assembly", (ref value, draft) => draft.Assembly = draft.AssemblyOf(ref value)),
        new("case", (ref value, draft) => draft.Case = value.GetGuid()),
    ];

    private static readonly ImmutableArray<Field> OfAttempt =
    [
        new("outcome", (ref value, draft) => draft.Outcome = OutcomeOf(ref value)),
        new("worker", (ref value, draft) => draft.Worker = value.GetInt32()),
        new("batch", (ref value, draft) => draft.Batch = value.GetInt32()),
        new("number", (ref value, draft) => draft.Number = value.GetInt32()),
        new("database", (ref value, draft) => draft.Database = draft.Text(ref value)),
        new("startedAt", (ref value, draft) => draft.StartedAt = value.GetDateTimeOffset()),
        new("duration", (ref value, draft) => draft.Duration = DurationOf(ref value)),
        new("message", (ref value, draft) => draft.Message = draft.Text(ref value)),
        new("stackTrace", (ref value, draft) => draft.StackTrace = draft.Text(ref value)),
        new("standardOutput", (ref value, draft) => draft.StandardOutput = draft.Text(ref value)),
        new("standardError", (ref value, draft) => draft.StandardError = draft.Text(ref value)),
        new("cause", (ref value, draft) => draft.Cause = draft.Text(ref value)),
        new("round", (ref value, draft) => draft.Round = value.GetInt32()),
        new("attachments", (ref value, draft) => draft.TakeAttachments(ref value)),
    ];

    private delegate void Take(ref Utf8JsonReader value, Draft draft);

    private static ReadOnlySpan<byte> Begin => "{\"event\":\"attempt-ended\","u8;

    /// <summary>Null: the serializer is to read the line.</summary>
    public AttemptEnded? Read(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith(Begin))
            return null;
        var draft = new Draft(assemblies, text);
        try
        {
            var reader = new Utf8JsonReader(line);
            reader.Read();
            draft.Take(ref reader, OfEvent);

            // Nothing may follow the event in its line.
            return draft.IsKnown && !reader.Read() ? draft.ToEvent() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static TestOutcome? OutcomeOf(ref Utf8JsonReader value) =>
        value.ValueTextEquals("Passed"u8) ? TestOutcome.Passed
        : value.ValueTextEquals("Failed"u8) ? TestOutcome.Failed
        : value.ValueTextEquals("Skipped"u8) ? TestOutcome.Skipped
        : null;

    private static TimeSpan? DurationOf(ref Utf8JsonReader value) =>
        !value.ValueIsEscaped && Utf8Parser.TryParse(value.ValueSpan, out TimeSpan duration, out var read, 'c')
            && read == value.ValueSpan.Length ? duration : null;

    private readonly record struct Field(byte[] Name, Take Take)
    {
        public Field(string name, Take take)
            : this(Encoding.UTF8.GetBytes(name), take)
        {
        }
    }

    private sealed class Draft(AssemblyKeys assemblies, SharedText text)
    {
        private ImmutableArray<KeyValuePair<string, string>> _traits = [];
        private ImmutableArray<string> _attachments = [];

        /// <summary>Whether nothing is in the line that the serializer might read otherwise.</summary>
        public bool IsKnown { get; set; } = true;

        public DateTimeOffset? At { get; set; }
        public TestAssembly? Assembly { get; set; }
        public Guid? Case { get; set; }
        public int? Row { get; set; }
        public int? Occurrence { get; set; }
        public string? ClassName { get; set; }
        public string? MethodName { get; set; }
        public string? Name { get; set; }
        public string? SourceFile { get; set; }
        public int? Line { get; set; }
        public string? Quarantine { get; set; }
        public bool IsFinal { get; set; } = true;
        public TestOutcome? Outcome { get; set; }
        public int? Worker { get; set; }
        public int? Batch { get; set; }
        public int? Number { get; set; }
        public string? Database { get; set; }
        public DateTimeOffset StartedAt { get; set; }
        public TimeSpan? Duration { get; set; }
        public string? Message { get; set; }
        public string? StackTrace { get; set; }
        public string? StandardOutput { get; set; }
        public string? StandardError { get; set; }
        public string? Cause { get; set; }
        public int? Round { get; set; }

        /// <summary>Takes the properties of an object, which the reader has begun.</summary>
        // A journal is read before the runtime has compiled anything a second time.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Take(ref Utf8JsonReader reader, ImmutableArray<Field> fields)
        {
            IsKnown &= reader.TokenType == JsonTokenType.StartObject;
            for (var expected = 0; IsKnown && reader.Read() && reader.TokenType != JsonTokenType.EndObject; expected++)
            {
                // The fields stand in their order, and some may be missing.
                while (expected < fields.Length && !reader.ValueTextEquals(fields[expected].Name))
                    expected++;
                if (expected == fields.Length)
                {
                    IsKnown = false;
                    return;
                }

                reader.Read();
                fields[expected].Take(ref reader, this);
            }
        }

        public string? Text(ref Utf8JsonReader value) => text.Read(ref value, typeof(string), JsonSerializerOptions.Default);

        public TestAssembly AssemblyOf(ref Utf8JsonReader value) =>
            assemblies.Read(ref value, typeof(TestAssembly), JsonSerializerOptions.Default);

        // Traits are read here as pairs of texts; the serializer reads anything else.
        public void TakeTraits(ref Utf8JsonReader reader)
        {
            var traits = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
            IsKnown = reader.TokenType == JsonTokenType.StartArray;
            while (IsKnown && reader.Read() && reader.TokenType == JsonTokenType.StartArray)
            {
                reader.Read();
                var name = Text(ref reader);
                reader.Read();
                var value = Text(ref reader);
                IsKnown = name is not null && value is not null && reader.Read() && reader.TokenType == JsonTokenType.EndArray;
                traits.Add(KeyValuePair.Create(name ?? "", value ?? ""));
            }

            IsKnown &= reader.TokenType == JsonTokenType.EndArray;
            _traits = traits.ToImmutable();
        }

        public void TakeAttachments(ref Utf8JsonReader reader)
        {
            var files = ImmutableArray.CreateBuilder<string>();
            IsKnown = reader.TokenType == JsonTokenType.StartArray;
            while (IsKnown && reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                files.Add(Text(ref reader)!);
            _attachments = files.ToImmutable();
        }

        public AttemptEnded? ToEvent() => HasAttempt() && HasTest() ? new AttemptEnded
        {
            At = At!.Value,
            Test = new TestRef(Assembly!, Case!.Value),
            Row = Row!.Value,
            Occurrence = Occurrence!.Value,
            ClassName = ClassName!,
            MethodName = MethodName!,
            Name = Name!,
            Traits = _traits,
            SourceFile = SourceFile,
            Line = Line,
            Quarantine = Quarantine,
            Attempt = ToAttempt(),
            IsFinal = IsFinal,
        }
        : null;

        private TestAttempt ToAttempt() => new()
        {
            Outcome = Outcome!.Value,
            Worker = Worker!.Value,
            Batch = Batch!.Value,
            Number = Number!.Value,
            Database = Database,
            StartedAt = StartedAt,
            Duration = Duration!.Value,
            Message = Message,
            StackTrace = StackTrace,
            StandardOutput = StandardOutput,
            StandardError = StandardError,
            Cause = Cause,
            Round = Round,
            Attachments = _attachments,
        };

        private bool HasTest() =>
            At is not null && Assembly is not null && Case is not null && Row is not null && Occurrence is not null
                && ClassName is not null && MethodName is not null && Name is not null;

        private bool HasAttempt() =>
            Outcome is not null && Worker is not null && Batch is not null && Number is not null && Duration is not null;
    }
}
