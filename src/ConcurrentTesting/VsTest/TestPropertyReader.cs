using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>Reads the properties that adapters tell of a test. The platform itself says once what a property is; its values are read here
/// where they are of a kind that arrives as it was sent. Not thread-safe.</summary>
internal sealed class TestPropertyReader
{
    // Adapters have a dozen or two kinds of properties, so this bound is only for safety.
    private const int MostKinds = 1_000;

    // The platform takes texts that look like a time for one, and writes them in its own way.
    private const int ShortestTime = 19;
    private const int LongestTime = 40;
    private const int PlaceOfT = 10;
    private const string OldTime = "/Date(";

    private readonly Dictionary<byte[], Kind> _kinds = new(new Bytes());

    private enum ValueKind
    {
        Other,
        Text,
        Flag,
        Number,
        Id,
        Texts,
        Pairs,
    }

    /// <summary>Reads an array of properties, at whose begin the cursor is.</summary>
    /// <param name="isToRun">False: what the test would be run by is left out, which is most of what xunit's adapter tells of one.</param>
    public void Read(ref MessageCursor cursor, TestObject of, bool isToRun)
    {
        cursor.Expect(JsonTokenType.StartArray);
        while (cursor.MoveIn())
        {
            cursor.Expect(JsonTokenType.StartObject);
            cursor.Name("Key"u8);
            cursor.Expect(JsonTokenType.StartObject);
            var kind = KindOf(cursor.Skip(), cursor);
            cursor.Name("Value"u8);
            if (!isToRun && kind.IsToRun)
                cursor.LeaveText();
            else
                of.SetPropertyValue(kind.Property, ValueOf(ref cursor, kind.Value));
            cursor.Move(JsonTokenType.EndObject);
        }
    }

    private Kind KindOf(ReadOnlySpan<byte> key, MessageCursor cursor)
    {
        var known = _kinds.GetAlternateLookup<ReadOnlySpan<byte>>();
        if (known.TryGetValue(key, out var kind))
            return kind;
        if (_kinds.Count == MostKinds)
            throw new FormatException("Properties without end.");
        cursor.Name("Value"u8);
        var property = ReadByPlatform(key, cursor.Skip());
        return known[key] = new Kind(
            property, KindOf(property.GetValueType()), property.Id == XUnit3Serialization.Property);
    }

    // A property that the platform keeps in a field of its own is not found among a test's properties, and counts as unknown.
    private static TestProperty ReadByPlatform(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var message = $$"""
            {"Version":{{MessageReader.Version}},"MessageType":"{{MessageType.TestCasesFound}}","Payload":[{"Properties":[
            {"Key":{{Encoding.UTF8.GetString(key)}},"Value":{{Encoding.UTF8.GetString(value)}}}]}]}
            """;
        var serializer = JsonDataSerializer.Instance;
        var tests = serializer.DeserializePayload<IEnumerable<TestCase>>(serializer.DeserializeMessage(message));
        return tests!.Single().GetProperties().Single().Key;
    }

    private static ValueKind KindOf(Type type) =>
        type == typeof(string) ? ValueKind.Text
        : type == typeof(bool) ? ValueKind.Flag
        : type == typeof(int) ? ValueKind.Number
        : type == typeof(Guid) ? ValueKind.Id
        : type == typeof(string[]) ? ValueKind.Texts
        : type == typeof(KeyValuePair<string, string>[]) ? ValueKind.Pairs
        : ValueKind.Other;

    private static object ValueOf(ref MessageCursor cursor, ValueKind kind) => kind switch
    {
        ValueKind.Text => Text(ref cursor),
        ValueKind.Flag => cursor.Json.GetBoolean(),
        ValueKind.Number => cursor.Json.GetInt32(),
        ValueKind.Id => cursor.Json.GetGuid(),
        ValueKind.Texts => Texts(ref cursor),
        ValueKind.Pairs => Pairs(ref cursor),
        _ => throw new FormatException("A property of a kind that is not known."),
    };

    private static string Text(ref MessageCursor cursor)
    {
        var text = cursor.Value();
        return LooksLikeTime(text) ? throw new FormatException("It may be a point in time.") : text;
    }

    private static bool LooksLikeTime(string text) =>
        text.StartsWith(OldTime, StringComparison.Ordinal)
        || (text.Length is >= ShortestTime and <= LongestTime && char.IsDigit(text[0]) && text[PlaceOfT] == 'T');

    private static string[] Texts(ref MessageCursor cursor)
    {
        cursor.Expect(JsonTokenType.StartArray);
        var texts = new List<string>();
        while (cursor.MoveIn())
            texts.Add(cursor.IsNull ? null! : PlainText(ref cursor));
        return [.. texts];
    }

    private static KeyValuePair<string, string>[] Pairs(ref MessageCursor cursor)
    {
        cursor.Expect(JsonTokenType.StartArray);
        var pairs = new List<KeyValuePair<string, string>>();
        while (cursor.MoveIn())
        {
            cursor.Expect(JsonTokenType.StartObject);
            cursor.Name("Key"u8);
            var key = PlainText(ref cursor);
            cursor.Name("Value"u8);
            pairs.Add(KeyValuePair.Create(key, PlainText(ref cursor)));
            cursor.Move(JsonTokenType.EndObject);
        }

        return [.. pairs];
    }

    // The platform reads lists by another serializer of its own, which treats characters that are no text differently.
    private static string PlainText(ref MessageCursor cursor)
    {
        var text = Text(ref cursor);
        return text.AsSpan().ContainsAnyInRange('\0', '\u001F') || text.AsSpan().ContainsAnyInRange('\uFFFE', '\uFFFF')
            ? throw new FormatException("Characters that are no text.")
            : text;
    }

    private sealed record Kind(TestProperty Property, ValueKind Value, bool IsToRun);

    private sealed class Bytes : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj) => GetHashCode(obj.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();
    }
}
