using System.Buffers;
using System.Runtime.InteropServices;

namespace ConcurrentTesting.VsTest;

/// <summary>Values in the messages of xunit v3's programs.</summary>
internal static class XUnit3Json
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    private static readonly byte[] Begin = "{\"$type\":"u8.ToArray();

    /// <summary>A line that a program wrote; null where it is no message. What tests wrote to the same stream may stand before a
    /// message.</summary>
    public static JsonDocument? Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line, Options);
        }
        catch (JsonException)
        {
            return ParseFromBegin(line.ToArray());
        }
    }

    /// <summary>Null where there is none, or no text.</summary>
    public static string? Text(this JsonElement message, string name) => message.TryGetProperty(name, out var value) ? Text(value) : null;

    /// <summary>Null where it is no text.</summary>
    public static string? Text(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair is legal in JSON and in .NET, but not in UTF-8 between them.
            return Unescaped(Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(value)));
        }
    }

    public static double Number(this JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            ? number
            : 0;

    public static DateTimeOffset? Time(this JsonElement message, string name) =>
        DateTimeOffset.TryParse(message.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
            ? time
            : null;

    private static JsonDocument? ParseFromBegin(byte[] line)
    {
        var begin = line.AsSpan().LastIndexOf(Begin);
        if (begin < 0)
            return null;
        try
        {
            return JsonDocument.Parse(Escaped(line.AsSpan(begin)), Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // xunit writes control characters of a test's name as they are, which JSON does not allow.
    private static ReadOnlyMemory<byte> Escaped(ReadOnlySpan<byte> line)
    {
        var escaped = new ArrayBufferWriter<byte>(line.Length + 1);
        foreach (var each in line)
        {
            if (each < (byte)' ')
                escaped.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{each:x4}")));
            else
                escaped.Write([each]);
        }

        return escaped.WrittenMemory;
    }

    private static string Unescaped(string raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var index = 1; index < raw.Length - 1; index++)
        {
            if (raw[index] != '\\')
            {
                text.Append(raw[index]);
                continue;
            }

            index++;
            if (raw[index] == 'u')
            {
                text.Append((char)ushort.Parse(raw.AsSpan(index + 1, 4), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                index += 4;
            }
            else
            {
                text.Append(raw[index] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var same => same });
            }
        }

        return text.ToString();
    }
}
