namespace ConcurrentTesting.Discovery;

/// <summary>Says what a text of a project file may become. It tries every value that a property has anywhere, because only MSBuild knows
/// which of them holds when it reads the text.</summary>
/// <param name="projects">Those that are evaluated.</param>
/// <param name="values">What MSBuild says that properties are in the end, and what the environment and the question set.</param>
internal sealed partial class EvaluationText(IReadOnlyCollection<string> projects, ILookup<string, string> values)
{
    private const int MostTexts = 4096;

    // The common targets set this where a project is built without a solution.
    private const string Undefined = "*Undefined*";

    private readonly Dictionary<string, List<(string Text, string File)>> _definitions = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<string> _lookedFor = new(StringComparer.Ordinal);

    /// <summary>Files that were looked for in a folder and those above it, on the way to a text.</summary>
    public IReadOnlyCollection<string> LookedFor => _lookedFor;

    public void Define(string name, string text, string file)
    {
        if (!_definitions.TryGetValue(name, out var known))
            _definitions[name] = known = [];
        known.Add((text.Trim(), file));
    }

    /// <summary>The properties that texts use.</summary>
    public static IEnumerable<string> NamesIn(IEnumerable<string> texts) =>
        texts.SelectMany(text => Property().Matches(text)).Select(match => match.Groups["name"].Value)
            .Distinct(StringComparer.OrdinalIgnoreCase);

    /// <summary>Null: what it comes to is not known.</summary>
    public ImmutableArray<string>? Of(string text, string file) => Of(text, file, []);

    private ImmutableArray<string>? Of(string text, string file, ImmutableHashSet<string> within)
    {
        var all = Expand(text, file, within)?.Select(Called).ToImmutableArray();
        return all is null || all.Value.Contains(null) ? null : [.. all.Value.OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    private List<string>? Expand(string text, string file, ImmutableHashSet<string> within)
    {
        text = PathAboveHere().Replace(text, call => $"{call.Value[..^1]}, {Path.GetDirectoryName(file)})");
        if (Property().Match(text) is not { Success: true } property)
            return [text];
        var result = new List<string>();
        foreach (var value in ValuesOf(property.Groups["name"].Value, file, within) ?? [])
        {
            var replaced = string.Concat(text.AsSpan(0, property.Index), value, text.AsSpan(property.Index + property.Length));
            if (Expand(replaced, file, within) is not { } expanded || result.Count + expanded.Count > MostTexts)
                return null;
            result.AddRange(expanded);
        }

        return result.Count > 0 ? result : null;
    }

    private List<string>? ValuesOf(string name, string file, ImmutableHashSet<string> within)
    {
        if (OfFile(name, file) is { } built)
            return [.. built];
        if (within.Contains(name))
            return [""];
        var told = Told(name);
        var isKnown = told.Count > 0;
        foreach (var (text, definedIn) in _definitions.GetValueOrDefault(name) ?? [])
        {
            var own = Of(text, definedIn, within.Add(name));
            if (own is null && !isKnown)
                return null;
            told.AddRange(own ?? []);
        }

        return told.Count is > 0 and <= MostTexts ? [.. told.Distinct(StringComparer.Ordinal)] : null;
    }

    private List<string> Told(string name) => [.. values[name].Select(value => value == Undefined ? "" : value)];

    private IEnumerable<string>? OfFile(string name, string file) => name.ToUpperInvariant() switch
    {
        "MSBUILDTHISFILEDIRECTORY" => [Path.GetDirectoryName(file) + Path.DirectorySeparatorChar],
        "MSBUILDTHISFILE" => [Path.GetFileName(file)],
        "MSBUILDTHISFILENAME" => [Path.GetFileNameWithoutExtension(file)],
        "MSBUILDTHISFILEFULLPATH" => [file],
        "MSBUILDPROJECTDIRECTORY" => projects.Select(project => Path.GetDirectoryName(project)!),
        "PROJECTDIR" => projects.Select(project => Path.GetDirectoryName(project)! + Path.DirectorySeparatorChar),
        "MSBUILDPROJECTFULLPATH" or "PROJECTPATH" => projects,
        "MSBUILDPROJECTFILE" => projects.Select(project => Path.GetFileName(project)),
        "MSBUILDPROJECTNAME" => projects.Select(project => Path.GetFileNameWithoutExtension(project)),
        _ => null,
    };

    // The rest are calls of functions; null where a function is not known here.
    private string? Called(string text)
    {
        while (Function().Match(text) is { Success: true } call)
        {
            var arguments = call.Groups["arguments"].Value.Split(',')
                .Select(argument => EvaluationPath.OfText(argument.Trim().Trim('\'', '"', '`'))).ToArray();
            if (Call(call.Groups["name"].Value, arguments) is not { } value)
                return null;
            text = string.Concat(text.AsSpan(0, call.Index), value, text.AsSpan(call.Index + call.Length));
        }

        return text.Contains("$(", StringComparison.Ordinal) || text.Contains("@(", StringComparison.Ordinal) ? null : text;
    }

    private string? Call(string name, string[] arguments) => name.ToUpperInvariant() switch
    {
        "COMBINE" or "NORMALIZEPATH" or "GETFULLPATH" => Path.Combine(arguments),
        "NORMALIZEDIRECTORY" or "ENSURETRAILINGSLASH" => Path.Combine(arguments) + Path.DirectorySeparatorChar,
        "GETDIRECTORYNAMEOFFILEABOVE" when arguments.Length == 2 => FolderAbove(arguments[0], arguments[1]),
        "GETPATHOFFILEABOVE" when arguments.Length == 2 =>
            FolderAbove(arguments[1], arguments[0]) is not { } folder ? null : folder.Length > 0 ? Path.Combine(folder, arguments[0]) : "",
        _ => null,
    };

    // A file that appears in a nearer folder would be found first, so every folder on the way counts.
    private string? FolderAbove(string start, string name)
    {
        if (!Path.IsPathRooted(start) || name.Length == 0)
            return null;
        var found = "";
        foreach (var folder in Folders.Up(Path.TrimEndingDirectorySeparator(Path.GetFullPath(start))))
        {
            var file = Path.GetFullPath(name, folder);
            _lookedFor.Add(file);
            if (found.Length == 0 && File.Exists(file))
                found = folder;
        }

        return found;
    }

    [GeneratedRegex(@"\$\((?<name>[A-Za-z_][\w\-]*)\)")]
    private static partial Regex Property();

    // Without a second argument the search begins in the folder of the file.
    [GeneratedRegex(@"GetPathOfFileAbove\([^,()]*\)", RegexOptions.IgnoreCase)]
    private static partial Regex PathAboveHere();

    [GeneratedRegex(@"\$\(\[(?:MSBuild|System\.IO\.Path)\]::(?<name>\w+)\(\s*(?<arguments>[^()]*)\)\s*\)")]
    private static partial Regex Function();
}
