using System.Text.RegularExpressions;

namespace ConcurrentTesting.Discovery;

/// <summary>One error of a build in one line: <c>src/Order.cs(12,5): error CS0246: message</c>.</summary>
internal sealed record BuildError(string Text);

/// <summary>Finds the errors in what MSBuild writes.</summary>
internal static partial class BuildErrors
{
    /// <summary>The distinct errors, in their order. The project behind each (<c>[/path/x.csproj]</c>) is left out.</summary>
    public static IReadOnlyList<BuildError> Parse(string output) =>
        [.. ErrorLine().Matches(output).Select(match => match.Groups["text"].Value.Trim()).Distinct().Select(text => new BuildError(text))];

    /// <summary>The first errors as lines, with paths below <paramref name="root"/> shortened to it.</summary>
    public static string Describe(string output, string root, int limit = 20)
    {
        var errors = Parse(output);
        var prefix = Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar;
        var lines = errors.Take(limit).Select(error => "  " + error.Text.Replace(prefix, "", StringComparison.Ordinal)).ToList();
        if (errors.Count > limit)
            lines.Add($"  … and {errors.Count - limit} more");
        if (errors.Count == 0)
            lines.AddRange(output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(limit).Select(line => "  " + line.Trim()));
        return string.Join('\n', lines);
    }

    // https://learn.microsoft.com/visualstudio/msbuild/msbuild-diagnostic-format-for-tasks; the project is appended by the console logger.
    [GeneratedRegex(@"^\s*(\d+>)?(?<text>[^\n]*?:\s*error\s*([A-Za-z]+[0-9]+)?\s*:[^\n]*?)(\s\[[^\[\]\n]+\])?\s*$", RegexOptions.Multiline)]
    private static partial Regex ErrorLine();
}
