using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace ConcurrentTesting.Reports.Html;

/// <summary>Data for the page's script. What could end its element is escaped, whatever a test is called.</summary>
internal static class PageJson
{
    private const int FlushedAtOnce = 16 * 1024;

    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static JsonArray Each<T>(IEnumerable<T> items, Func<T, JsonNode?> write) => new([.. items.Select(write)]);

    public static byte[] Bytes(JsonNode node) => Bytes(json => node.WriteTo(json));

    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
            write(json);

        return stream.ToArray();
    }

    /// <summary>Hands on what was written so far, now and then: a writer keeps all of it, and a run may have many tests.</summary>
    public static void FlushNowAndThen(Utf8JsonWriter json)
    {
        if (json.BytesPending > FlushedAtOnce)
            json.Flush();
    }
}
