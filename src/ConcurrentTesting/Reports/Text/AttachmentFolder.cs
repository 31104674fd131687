namespace ConcurrentTesting.Reports.Text;

/// <summary>Gathers what tests attached in one folder of the results, laid out as readers of TRX files look for it:
/// <c>&lt;results&gt;/attachments/In/&lt;execution id&gt;/&lt;file&gt;</c>. What it copies from stays as it is.</summary>
internal sealed class AttachmentFolder(string resultsDirectory)
{
    /// <summary>What a TRX calls its deployment root.</summary>
    public const string Name = ArtifactNames.Attachments;

    private readonly string _results = Path.GetFullPath(resultsDirectory);
    private readonly Dictionary<TestAttempt, List<string>> _files = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _taken = new(StringComparer.OrdinalIgnoreCase);
    private string? _firstLoss;
    private int _losses;

    /// <summary>The absolute paths of what an attempt attached, where it lies now.</summary>
    public IReadOnlyList<string> Of(TestAttempt attempt) => _files.TryGetValue(attempt, out var files) ? files : [];

    /// <summary>Copies a file that a TRX names. Returns its path below <paramref name="folder"/>, or null where it cannot be had. A TRX is
    /// read, not trusted: only files inside the results folder are taken.</summary>
    public string? AdoptNamedByTrx(TestAttempt? attempt, string source, string folder) =>
        Folders.Contains(_results, Path.GetFullPath(source))
            ? Adopt(attempt, source, folder)
            : Lost(source, "it lies outside the results folder");

    /// <summary>Copies a file that the record names, wherever it is. Returns its path below <paramref name="folder"/>, or null where it
    /// cannot be had.</summary>
    public string? AdoptNamedByRecord(TestAttempt attempt, string source, string folder) => Adopt(attempt, source, folder);

    /// <summary>What could not be copied, in one incident.</summary>
    public ImmutableArray<Incident> Incidents(DateTimeOffset at) => _losses == 0
        ? []
        : [new Incident(
            at, IncidentKinds.AttachmentLost,
            $"{Quantity.Of(_losses, "attachment")} could not be copied; the first: {_firstLoss}")];

    private string? Adopt(TestAttempt? attempt, string source, string folder)
    {
        var target = Free(Path.Combine(_results, Name, "In", folder), Path.GetFileName(source));
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(source, target, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Lost(source, exception.Message);
        }

        Remember(attempt, target);
        return Path.GetFileName(target);
    }

    private void Remember(TestAttempt? attempt, string file)
    {
        if (attempt is null)
            return;

        if (!_files.TryGetValue(attempt, out var files))
            _files.Add(attempt, files = []);

        files.Add(file);
    }

    private string Free(string folder, string file)
    {
        var path = Path.Combine(folder, file);
        for (var number = 1; !_taken.Add(path) || Path.Exists(path); number++)
        {
            path = Path.Combine(
                folder, string.Create(
                    CultureInfo.InvariantCulture, $"{Path.GetFileNameWithoutExtension(file)}[{number}]{Path.GetExtension(file)}"));
        }

        return path;
    }

    private string? Lost(string source, string cause)
    {
        _losses++;
        _firstLoss ??= $"{source}: {cause}";
        return null;
    }
}
