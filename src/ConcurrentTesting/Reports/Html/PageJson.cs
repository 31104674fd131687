using System.Text.Encodings.Web;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace ConcurrentTesting.Reports.Html;

/// <summary>Data for the page's script. What could end its element is escaped, whatever a test is called.</summary>
internal static class PageJson
{
    public static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static JsonArray Each<T>(IEnumerable<T> items, Func<T, JsonNode?> write) => new([.. items.Select(write)]);

    public static byte[] Bytes(JsonNode node)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
            node.WriteTo(json);

        return stream.ToArray();
    }
}
