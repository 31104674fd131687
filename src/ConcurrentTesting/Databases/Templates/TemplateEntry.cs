namespace ConcurrentTesting.Databases.Templates;

/// <summary>The parts of an entry of <see cref="ConcurrentTestSettings.Template"/>: <c>audit=watch:src/Migrations</c>.</summary>
/// <param name="Database">With its equals sign; empty where the entry is for all databases.</param>
/// <param name="Prefix">With its colon: <c>cmd:</c>, <c>db:</c>, <c>watch:</c>; empty for SQL files and folders.</param>
internal sealed partial record TemplateEntry(string Database, string Prefix, string Value)
{
    public const string Command = "cmd:";
    public const string Existing = "db:";
    public const string Watch = "watch:";

    /// <summary>The value is a file or a folder.</summary>
    public bool IsPath => Prefix.Length == 0 || Prefix == Watch;

    public static TemplateEntry Split(string entry)
    {
        var match = Pattern().Match(entry);
        return new TemplateEntry(
            match.Groups["database"].Value, match.Groups["prefix"].Value.ToLowerInvariant(), match.Groups["value"].Value.Trim());
    }

    /// <summary>The entry again, its path made absolute where it has one.</summary>
    public string WithPath(Func<string, string> toAbsolute) => Database + Prefix + (IsPath && Value.Length > 0 ? toAbsolute(Value) : Value);

    [GeneratedRegex(
        @"^(?<database>[A-Za-z0-9_]+=)?(?<prefix>(cmd|db|watch):)?(?<value>.*)$", RegexOptions.IgnoreCase | RegexOptions.Singleline)]
    private static partial Regex Pattern();
}
