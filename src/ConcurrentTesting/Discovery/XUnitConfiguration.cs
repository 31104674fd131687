namespace ConcurrentTesting.Discovery;

/// <summary>What the configuration file of an xunit assembly says, as far as it matters to a plan.</summary>
internal static class XUnitConfiguration
{
    private static readonly JsonDocumentOptions Format = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <summary>A text in it; null where there is no file or it does not say.</summary>
    public static string? Of(string assembly, string name)
    {
        var folder = Path.GetDirectoryName(assembly)!;
        string[] files = [$"{Path.GetFileNameWithoutExtension(assembly)}.xunit.runner.json", "xunit.runner.json"];
        return files.Select(file => Path.Combine(folder, file)).FirstOrDefault(File.Exists) is { } file ? Read(file, name) : null;
    }

    private static string? Read(string file, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file), Format);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var value)
                && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            // xunit itself will report a file that it cannot read.
            return null;
        }
    }
}
