namespace ConcurrentTesting.Discovery;

/// <summary>One error of a build in one line: <c>src/Order.cs(12,5): error CS0246: message</c>.</summary>
/// <param name="Project">The project that MSBuild names behind it, absolute; null: none.</param>
/// <param name="HasCode">Whether it has a code, as what MSBuild itself finds has.</param>
internal sealed record BuildError(string Text, string? Project = null, bool HasCode = false);

/// <summary>Finds the errors in what MSBuild writes.</summary>
internal static partial class BuildErrors
{
    /// <summary>The distinct errors of each project, in their order. The project behind each (<c>[/path/x.csproj]</c>) is not in the
    /// text.</summary>
    public static IReadOnlyList<BuildError> Parse(string output) =>
        [.. ErrorLine().Matches(output).Select(ErrorOf).DistinctBy(error => (error.Text, error.Project))];

    /// <summary>The first errors as lines, with paths below <paramref name="root"/> shortened to it.</summary>
    public static string Describe(string output, string root, int limit = 20)
    {
        var errors = Parse(output).DistinctBy(error => error.Text).ToList();
        var prefix = Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar;
        var lines = errors.Take(limit).Select(error => "  " + error.Text.Replace(prefix, "", StringComparison.Ordinal)).ToList();
        if (errors.Count > limit)
            lines.Add($"  … and {errors.Count - limit} more");
        if (errors.Count == 0)
            lines.AddRange(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(limit).Select(line => "  " + line.Trim()));
        return string.Join('\n', lines);
    }

    // With several target frameworks, the project is written as /path/x.csproj::TargetFramework=net8.0.
    private static BuildError ErrorOf(Match match) => new(
        match.Groups["text"].Value.Trim(),
        match.Groups["project"] is { Success: true, Value: var project } ? project.Split("::")[0] : null,
        match.Groups["code"].Success);

    // The format is that of https://learn.microsoft.com/visualstudio/msbuild/msbuild-diagnostic-format-for-tasks; the console logger
    // appends the project.
    [GeneratedRegex(@"^\s*(\d+>)?(?<text>[^\n]*?:\s*error\s*(?<code>[A-Za-z]+[0-9]+)?\s*:[^\n]*?)(\s\[(?<project>[^\[\]\n]+)\])?\s*$", RegexOptions.Multiline)]
    private static partial Regex ErrorLine();
}
