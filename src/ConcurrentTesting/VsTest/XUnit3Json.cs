using System.Globalization;
using System.Text.Json;

namespace ConcurrentTesting.VsTest;

/// <summary>Values in the messages of xunit v3's programs.</summary>
internal static class XUnit3Json
{
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

    private static string Unescaped(string raw)
    {
        var text = new System.Text.StringBuilder(raw.Length);
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
