using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>Writes what tests of xunit v3 attach to their results: a text, or bytes of a media type.</summary>
/// <param name="folder">Absolute; made where something is written.</param>
internal sealed class XUnit3Attachments(string folder)
{
    private const string OfText = "s:";
    private const string OfBytes = "b:";

    private static readonly Uri Adapter = new("executor://xunit/VsTestRunner3/netcore/");
    private static readonly char[] Illegal = Path.GetInvalidFileNameChars();

    // Tests attach these media types; any other is written as bytes.
    private static readonly Dictionary<string, string> Extensions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["application/json"] = ".json",
        ["application/pdf"] = ".pdf",
        ["application/xml"] = ".xml",
        ["application/zip"] = ".zip",
        ["image/gif"] = ".gif",
        ["image/jpeg"] = ".jpg",
        ["image/png"] = ".png",
        ["image/svg+xml"] = ".svg",
        ["image/webp"] = ".webp",
        ["text/css"] = ".css",
        ["text/csv"] = ".csv",
        ["text/html"] = ".html",
        ["text/plain"] = ".txt",
        ["text/xml"] = ".xml",
        ["video/mp4"] = ".mp4",
        ["video/webm"] = ".webm",
    };

    /// <summary>Adds the files to the result; what cannot be written is told, a line each.</summary>
    public IEnumerable<string> Write(string test, JsonElement files, TestResult result)
    {
        var set = new AttachmentSet(Adapter, "xUnit.net");
        var troubles = new List<string>();
        foreach (var file in files.EnumerateObject())
        {
            try
            {
                set.Attachments.Add(UriDataAttachment.CreateFrom(
                    Write(Path.Combine(folder, test), file.Name, XUnit3Json.Text(file.Value) ?? ""), file.Name));
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
            {
                troubles.Add($"The attachment {file.Name} of {result.DisplayName} cannot be saved: {exception.Message}");
            }
        }

        if (set.Attachments.Count > 0)
            result.Attachments.Add(set);
        return troubles;
    }

    private static string Write(string folder, string name, string value)
    {
        Directory.CreateDirectory(folder);
        var safe = string.Concat(name.Select(character => Illegal.Contains(character) ? '_' : character));
        if (value.StartsWith(OfText, StringComparison.Ordinal))
        {
            var text = Path.Combine(folder, $"{safe}.txt");
            File.WriteAllText(text, value[OfText.Length..]);
            return text;
        }

        var parts = value.StartsWith(OfBytes, StringComparison.Ordinal) ? value[OfBytes.Length..].Split(';', 2) : [];
        if (parts.Length != 2)
            throw new FormatException("it is neither a text nor bytes.");
        var bytes = Path.Combine(folder, safe + Extensions.GetValueOrDefault(parts[0], ".bin"));
        File.WriteAllBytes(bytes, Convert.FromBase64String(parts[1]));
        return bytes;
    }
}
