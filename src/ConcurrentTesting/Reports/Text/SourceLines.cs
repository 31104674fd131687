namespace ConcurrentTesting.Reports.Text;

/// <summary>Lines of a source file around one of them.</summary>
/// <param name="First">The number of the first line that is shown.</param>
/// <param name="Line">The number of the line that is meant.</param>
internal sealed record SourceExcerpt(string File, int First, int Line, ImmutableArray<string> Lines);

/// <summary>The lines of source around a place that a stack trace names. What a test says is not trusted: only sources are read, only below
/// the repository's root, and none that has changed since the run began, whose lines may be others now.</summary>
internal sealed class SourceLines(string rootDirectory, DateTimeOffset runStartedAt)
{
    private const int Nearby = 4;
    private const int LongestLine = 300;
    private const int LargestFile = 2 << 20;
    private const int MostFiles = 64;

    private static readonly ImmutableHashSet<string> Extensions =
        ImmutableHashSet.Create(StringComparer.OrdinalIgnoreCase, ".cs", ".fs", ".vb", ".razor", ".cshtml");

    // Many failures lie in few files, so their lines are kept.
    private readonly Dictionary<string, string[]?> _files = new(StringComparer.Ordinal);

    /// <summary>Null where there is nothing to show.</summary>
    /// <param name="place"><c>tests/Shop.Tests/BasketTests.cs:17</c>, relative to the root.</param>
    public SourceExcerpt? Around(string? place)
    {
        var colon = place?.LastIndexOf(':') ?? -1;
        if (colon <= 0 || !int.TryParse(place.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var line))
            return null;
        var file = place![..colon];
        if (Read(file) is not { } lines || line < 1 || line > lines.Length)
            return null;
        var first = Math.Max(1, line - Nearby);
        var shown = lines[(first - 1)..Math.Min(lines.Length, line + Nearby)];
        return new SourceExcerpt(file, first, line, [.. shown.Select(text => text[..Math.Min(text.Length, LongestLine)])]);
    }

    private string[]? Read(string file)
    {
        if (_files.TryGetValue(file, out var known))
            return known;
        if (_files.Count >= MostFiles)
            _files.Clear();
        return _files[file] = ReadFile(file);
    }

    private string[]? ReadFile(string file)
    {
        try
        {
            var root = Path.GetFullPath(rootDirectory);
            var path = Path.GetFullPath(file, root);
            return IsSource(path, root) ? File.ReadAllLines(path) : null;
        }
        catch (Exception exception) when (exception
            is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return null;
        }
    }

    private bool IsSource(string path, string root)
    {
        if (!Folders.Contains(root, path) || !Extensions.Contains(Path.GetExtension(path)))
            return false;
        var info = new FileInfo(path);
        return info is { Exists: true, LinkTarget: null, Length: <= LargestFile } && info.LastWriteTimeUtc <= runStartedAt.UtcDateTime;
    }
}
