using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace ConcurrentTesting.Settings;

/// <summary>
/// What of a command line is given again where the same suite is tested once more: where the tests are and what they run on, not which of
/// them and how often.
/// </summary>
internal static partial class RepeatedArguments
{
    private static readonly FrozenSet<string> Names = FrozenSet.Create(
        StringComparer.Ordinal, "Workers", "TestProjects", "TestConfiguration", "TestFramework", "TestSettings", "TestDatabase",
        "TestTemplate", "TestTemplateExtensions", "TestDatabases", "TestDatabaseSettings", "TestIsolation", "TestHost", "TestTogether",
        "TestServerBinaries",
        "TestProductionFallback", "TestAllow", "TestAllowedHosts", "TestTimings", "TestResultsDirectory", "TestTimeout");

    /// <summary>
    /// <c> --test-projects tests/Shop --test-database mysql</c>, with a space before each; empty where nothing of it was on the command
    /// line. Commands, which may hold a password, are left out.
    /// </summary>
    public static string Of(CommandLine commandLine, string workingDirectory) => string.Concat(
        ParameterTable.All.Where(parameter => Names.Contains(parameter.Name))
            .Select(parameter => commandLine.Find(parameter, workingDirectory) is { } text && !text.Values.Any(IsSecretive)
                ? string.Concat(text.Values.Select(Quoted).Prepend(parameter.Argument).Select(word => " " + word))
                : ""));

    private static bool IsSecretive(string value) =>
        value.Contains("cmd:", StringComparison.OrdinalIgnoreCase) || value.Any(char.IsControl);

    // Single quotes are those of sh, which PowerShell takes too as long as there is none within them.
    private static string Quoted(string value) =>
        Plain().IsMatch(value) ? value : $"'{value.Replace("'", OperatingSystem.IsWindows() ? "''" : @"'\''", StringComparison.Ordinal)}'";

    [GeneratedRegex(@"^[\p{L}\p{N}_./:@%+=-]+\z")]
    private static partial Regex Plain();
}
