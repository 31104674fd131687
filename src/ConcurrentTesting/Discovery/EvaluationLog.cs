namespace ConcurrentTesting.Discovery;

/// <summary>What MSBuild logged of the files that evaluations imported, and of those that they would have.</summary>
internal sealed partial class EvaluationLog
{
    private EvaluationLog(IReadOnlyList<string> imported, IReadOnlyList<string> lookedFor, IReadOnlyList<string> patterns) =>
        (Imported, LookedFor, Patterns) = (imported, lookedFor, patterns);

    public IReadOnlyList<string> Imported { get; }

    /// <summary>What a condition asked for that kept a file from being imported; be it there or not.</summary>
    public IReadOnlyList<string> LookedFor { get; }

    /// <summary>Patterns of imports that no file matched.</summary>
    public IReadOnlyList<string> Patterns { get; }

    /// <param name="projectFolders">Relative paths are relative to these, or to the file that has the condition.</param>
    public static EvaluationLog Read(string log, IReadOnlyCollection<string> projectFolders)
    {
        var lines = File.Exists(log) ? File.ReadAllLines(log) : [];
        var skipped = lines.Select(line => SkippedLine().Match(line)).Where(match => match.Success).ToList();
        return new EvaluationLog(
            Paths(lines.Select(line => ImportLine().Match(line)).Where(match => match.Success)),
            [.. skipped.SelectMany(match => LookedForBy(match, projectFolders)).Distinct(StringComparer.Ordinal)],
            Paths(lines.Select(line => UnmatchedLine().Match(line)).Where(match => match.Success)));
    }

    private static List<string> Paths(IEnumerable<Match> matches) =>
        [.. matches.Select(match => match.Groups["path"].Value).Distinct(StringComparer.Ordinal)];

    private static IEnumerable<string> LookedForBy(Match skipped, IReadOnlyCollection<string> projectFolders)
    {
        var own = Path.GetDirectoryName(skipped.Groups["by"].Value)!;
        return ExistsCondition().Matches(skipped.Groups["condition"].Value)
            .Select(match => EvaluationPath.OfText(match.Groups["path"].Value)).Where(path => path.Length > 0)
            .SelectMany(path => projectFolders.Append(own).Select(folder => Path.GetFullPath(path, folder)));
    }

    [GeneratedRegex(@"^\s*(\d+>)?\s*Importing project ""(?<path>[^""]+)"" into project ")]
    private static partial Regex ImportLine();

    [GeneratedRegex(@"^\s*(\d+>)?\s*Project "".*"" was not imported by ""(?<by>[^""]+)"" at .* was evaluated as (?<condition>.*)$")]
    private static partial Regex SkippedLine();

    [GeneratedRegex(@"^\s*(\d+>)?\s*Project ""(?<path>[^""]+)"" was not imported by "".*due to no matching files")]
    private static partial Regex UnmatchedLine();

    [GeneratedRegex(@"exists\s*\(\s*(?:'(?<path>[^']*)'|(?<path>[^\s')]+))\s*\)", RegexOptions.IgnoreCase)]
    private static partial Regex ExistsCondition();
}

/// <summary>Paths in MSBuild's words.</summary>
internal static class EvaluationPath
{
    /// <summary>The path with this system's separators, without MSBuild's escapes.</summary>
    public static string OfText(string text) => Uri.UnescapeDataString(text.Trim()).Replace('\\', Path.DirectorySeparatorChar);
}
