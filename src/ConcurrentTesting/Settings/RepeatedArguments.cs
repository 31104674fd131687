using System.Collections.Frozen;

namespace ConcurrentTesting.Settings;

/// <summary>What of a command line is given again where the same suite is tested once more: where the tests are and what they run on, not
/// which of them and how often.</summary>
internal static partial class RepeatedArguments
{
    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.Ordinal, "Workers", "TestProjects", "TestConfiguration", "TestFramework", "TestSettings", "TestDatabase",
        "TestConnectionString", "TestTemplate", "TestTemplateExtensions", "TestDatabases", "TestDatabaseSettings", "TestIsolation",
        "TestHost", "TestTogether", "TestServerBinaries", "TestEnvironment", "TestProductionFallback", "TestAllow", "TestAllowedHosts",
        "TestTimings", "TestResultsDirectory", "TestTimeout");

    /// <summary><c> --test-projects tests/Shop --test-database mysql</c>, with a space before each; empty where nothing of it was on the
    /// command line. What may be secret is <see cref="RecordedSettings.Mask"/>, so that nobody takes the rest for the whole.</summary>
    public static string Of(CommandLine commandLine, string workingDirectory) => string.Concat(
        ParameterTable.All.Where(parameter => Names.Contains(parameter.Name))
            .Select(parameter => commandLine.Find(parameter, workingDirectory) is { } text
                ? string.Concat(
                    text.Values.Select(value => Quoted(Shown(parameter, value))).Prepend(parameter.Argument).Select(word => " " + word))
                : ""));

    /// <summary>Those of the parts of a run, whose results lie where the merge says.</summary>
    public static string OfParts(string parts, string merge) =>
        string.Concat(Each(parts).Where(argument => !IsOfPlace(argument)).Concat(Each(merge).Where(IsOfPlace)));

    private static IEnumerable<string> Each(string arguments) => Argument().Matches(arguments).Select(argument => argument.Value);

    private static bool IsOfPlace(string argument) =>
        argument.Split(' ', 3)[1] is "--test-results-directory" or "--test-timings";

    private static string Shown(Parameter parameter, string value) => parameter.Name switch
    {
        _ when parameter.IsSecret || value.Any(char.IsControl) => RecordedSettings.Mask,
        "TestTemplate" => RecordedSettings.WithoutArguments(value),
        "TestEnvironment" => value.Split('=', 2) is [var name, var pattern]
            ? RecordedSettings.Shown(new EnvironmentPattern(name, pattern))
            : RecordedSettings.Mask,
        "TestDatabaseSettings" when Secretive().IsMatch(value) => RecordedSettings.Mask,
        _ => value,
    };

    // sh quotes like this, and PowerShell too, as long as there is no single quote within.
    private static string Quoted(string value) =>
        Plain().IsMatch(value) ? value : $"'{value.Replace("'", OperatingSystem.IsWindows() ? "''" : @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\p{L}\p{N}_./:@%+=-]+\z")]
    private static partial Regex Plain();

    [GeneratedRegex(@" --[a-z-]+(?: (?!--)(?:'[^']*'|\\'|[^ '])+)*")]
    private static partial Regex Argument();

    [GeneratedRegex("secret|password|token|key", RegexOptions.IgnoreCase)]
    private static partial Regex Secretive();
}
