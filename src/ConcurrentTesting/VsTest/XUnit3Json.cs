using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ConcurrentTesting.VsTest;

/// <summary>Values in the messages of xunit v3's programs.</summary>
internal static class XUnit3Json
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>A line that a program wrote; null where it is no message.</summary>
    public static JsonDocument? Parse(ReadOnlySequence<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line, Options);
        }
        catch (JsonException)
        {
            return ParseWithControls(line);
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
            // Half a surrogate pair is legal in JSON and in .NET, but not in between.
            return Unescaped(value.GetRawText());
        }
    }

    public static double Number(this JsonElement message, string name) =>
        message.TryGetProperty(name, out var value) && value.TryGetDouble(out var number) ? number : 0;

    public static DateTimeOffset? Time(this JsonElement message, string name) =>
        DateTimeOffset.TryParse(message.Text(name), CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var time)
            ? time
            : null;

    // xunit writes control characters of a test's name as they are, which JSON does not allow.
    private static JsonDocument? ParseWithControls(ReadOnlySequence<byte> line)
    {
        var escaped = new ArrayBufferWriter<byte>((int)Math.Min(int.MaxValue / 2, line.Length + 64));
        foreach (var part in line)
        {
            foreach (var each in part.Span)
            {
                if (each < (byte)' ')
                    escaped.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"\\u{each:x4}")));
                else
                    escaped.Write([each]);
            }
        }

        try
        {
            return JsonDocument.Parse(escaped.WrittenMemory, Options);
        }
        catch (JsonException)
        {
            return null;
        }
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
