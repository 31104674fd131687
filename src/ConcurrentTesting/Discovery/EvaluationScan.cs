using System.Xml;
using System.Xml.Linq;

namespace ConcurrentTesting.Discovery;

/// <summary>Finds in the files that evaluations read what these look for in the file system beside imports: conditions on files, patterns,
/// what functions read. MSBuild tells nobody of that.</summary>
internal sealed partial class EvaluationScan
{
    private const string Quotes = "'\"`";

    // An evaluation does not run these elements.
    private static readonly string[] Skipped = ["Target", "UsingTask"];

    private readonly IReadOnlyCollection<string> _projects;
    private readonly EvaluationText _text;
    private readonly HashSet<string> _lookedFor = new(StringComparer.Ordinal);

    public EvaluationScan(IReadOnlyCollection<string> projects, ILookup<string, string> values)
    {
        _projects = projects;
        _text = new EvaluationText(projects, values);
    }

    /// <summary>Files, folders and names in folders, for <see cref="FileStamp"/>, be they there or not.</summary>
    public IEnumerable<string> LookedFor => _lookedFor.Concat(_text.LookedFor);

    /// <summary>The first thing of which it is not known what it looks for; null: there is none.</summary>
    public string? Doubt { get; private set; }

    public void Add(IEnumerable<string> files)
    {
        var documents = files.Select(file => (File: file, Root: Load(file))).Where(document => document.Root is not null).ToList();
        foreach (var (file, root) in documents)
        {
            foreach (var property in Read(root!).Where(element => element.Parent?.Name.LocalName == "PropertyGroup"))
                _text.Define(property.Name.LocalName, property.Value, file);
        }

        foreach (var (file, root) in documents)
        {
            foreach (var element in Read(root!))
                Add(element, file);
        }
    }

    /// <summary>A pattern of imports.</summary>
    /// <param name="pattern">Absolute.</param>
    public void AddPattern(string pattern)
    {
        var folder = Path.GetDirectoryName(EvaluationPath.OfText(pattern));
        if (folder is null || IsPattern(folder))
            Doubt ??= pattern;
        else
            _lookedFor.Add(FileStamp.NamesIn(Path.GetFullPath(folder)));
    }

    private XElement? Load(string file)
    {
        try
        {
            return XDocument.Load(file).Root;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or XmlException)
        {
            Doubt ??= $"{file} cannot be read: {exception.Message}";
            return null;
        }
    }

    private static IEnumerable<XElement> Read(XElement element) =>
        element.Elements().Where(child => !Skipped.Contains(child.Name.LocalName, StringComparer.OrdinalIgnoreCase))
            .SelectMany(child => Read(child).Prepend(child));

    private void Add(XElement element, string file)
    {
        foreach (var attribute in element.Attributes())
            AddText(attribute.Value, file);
        if (!element.HasElements)
            AddText(element.Value, file);
        if (element.Name.LocalName == "Import" && element.Attribute("Project")?.Value is { } imported)
            AddImport(imported, file);
    }

    private void AddText(string text, string file)
    {
        foreach (Match exists in Exists().Matches(text))
            LookFor(FirstArgument(text, exists), file, isListed: false);
        foreach (Match call in FileFunction().Matches(text))
            AddCall(text, call, file);
        foreach (Match above in FileAbove().Matches(text))
        {
            var call = text[above.Index..Math.Min(text.Length, EndOfArguments(text, above.Index + above.Length, ")") + 2)];
            if (_text.Of(call, file) is null)
                Doubt ??= $"{file}: {call}";
        }

        if (RegistryValue().IsMatch(text))
            Doubt ??= $"{file}: {text}";
    }

    private void AddCall(string text, Match call, string file)
    {
        var (type, isQuestion) = (call.Groups["type"].Value, call.Groups["method"].Value == "Exists");
        if (type is "File" or "Directory" || (type == "Path" && isQuestion))
            LookFor(FirstArgument(text, call), file, isListed: type == "Directory" && !isQuestion);
        else if (type != "Path")
            Doubt ??= $"{file}: {text}";
    }

    private void LookFor(string argument, string file, bool isListed)
    {
        if (argument.Length == 0)
            return;
        if (_text.Of(argument, file) is not { } paths || paths.Any(path => IsPattern(path) || path.Contains(';', StringComparison.Ordinal)))
        {
            Doubt ??= $"{file}: {argument}";
            return;
        }

        // MSBuild takes paths relative to the file or to the project, by the kind of the element: both count.
        var folders = _projects.Append(file).Select(path => Path.GetDirectoryName(path)!).Distinct(StringComparer.Ordinal);
        _lookedFor.UnionWith(
            paths.Select(EvaluationPath.OfText).Where(path => path.Length > 0)
                .SelectMany(path => folders.Select(folder => Path.GetFullPath(path, folder)))
                .Select(path => isListed ? FileStamp.NamesIn(path) : path));
    }

    // MSBuild logs a file that is named as an import, be it imported or not.
    private void AddImport(string imported, string file)
    {
        var paths = _text.Of(imported, file);
        if (paths is null && IsPattern(imported))
            Doubt ??= $"{file}: {imported}";
        foreach (var path in (paths ?? []).SelectMany(path => path.Split(';')).Where(IsPattern))
            AddPattern(Path.GetFullPath(EvaluationPath.OfText(path), Path.GetDirectoryName(file)!));
    }

    private static bool IsPattern(string text) => text.AsSpan().ContainsAny('*', '?');

    private static string FirstArgument(string text, Match call)
    {
        var start = call.Index + call.Length;
        return text[start..EndOfArguments(text, start, ",)")].Trim().Trim('\'', '"', '`');
    }

    // The end is the first of these characters outside of quotes and further brackets.
    private static int EndOfArguments(string text, int start, string ends)
    {
        var (depth, quote) = (0, '\0');
        for (var i = start; i < text.Length; i++)
        {
            var character = text[i];
            if (quote != '\0')
                quote = character == quote ? '\0' : quote;
            else if (Quotes.Contains(character, StringComparison.Ordinal))
                quote = character;
            else if (depth == 0 && ends.Contains(character, StringComparison.Ordinal))
                return i;
            else
                depth += character == '(' ? 1 : character == ')' ? -1 : 0;
        }

        return text.Length;
    }

    [GeneratedRegex(@"(?<![\w:>.])exists\s*\(", RegexOptions.IgnoreCase)]
    private static partial Regex Exists();

    [GeneratedRegex(@"\[System\.IO\.(?<type>\w+)\]::(?<method>\w+)\s*\(", RegexOptions.IgnoreCase)]
    private static partial Regex FileFunction();

    [GeneratedRegex(@"\$\(\[MSBuild\]::Get(?:DirectoryNameOf|PathOf)FileAbove\(", RegexOptions.IgnoreCase)]
    private static partial Regex FileAbove();

    [GeneratedRegex(@"\$\(Registry:|::GetRegistryValue", RegexOptions.IgnoreCase)]
    private static partial Regex RegistryValue();
}
