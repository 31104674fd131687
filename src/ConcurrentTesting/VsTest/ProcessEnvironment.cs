using System.Collections;

namespace ConcurrentTesting.VsTest;

/// <summary>The environment that test processes start from: the build's own, without its secrets and without what MSBuild and the CLI left
/// in it.</summary>
internal static class ProcessEnvironment
{
    private static readonly StringComparer Names = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    // `dotnet` and MSBuild set these for their own children; a test that starts dotnet itself would be led astray by them.
    private static readonly string[] BuildPrefixes = ["MSBUILD", "DOTNET_CLI_TELEMETRY_SESSIONID", "CONCURRENT_TEST_"];

    // Test hosts live for seconds. Instrumenting code for a better second compilation costs a quarter of their CPU time, and compiling it
    // again after 30 calls another third; neither pays. Code that is called 512 times, counted from half a second without new code on, is
    // compiled again (the runtime reads the number as hexadecimal). Keeping pages from being writable and executable at once costs a
    // seventh of the CPU time. A variable that the user has set stays.
    private static readonly KeyValuePair<string, string>[] ForShortProcesses =
    [
        new("DOTNET_TieredPGO", "0"),
        new("DOTNET_TC_CallCountThreshold", "200"),
        new("DOTNET_TC_CallCountingDelayMs", "200"),
        new("DOTNET_EnableWriteXorExecute", "0"),
    ];

    private static readonly string[] SecretWords = ["PASSWORD", "SECRET", "TOKEN", "APIKEY", "API_KEY", "CONNECTION_STRING", "CREDENTIAL"];

    /// <summary>The current environment for test processes of a run with these settings.</summary>
    public static ImmutableDictionary<string, string> For(ConcurrentTestSettings settings) =>
        Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .Select(entry => KeyValuePair.Create((string)entry.Key, entry.Value as string ?? ""))
            .Where(variable => !IsSecret(variable.Key, settings) && !IsOfTheBuild(variable.Key, variable.Value))
            .ToImmutableDictionary(Names)
            .WithDefaults(ForShortProcesses);

    private static ImmutableDictionary<string, string> WithDefaults(
        this ImmutableDictionary<string, string> environment, KeyValuePair<string, string>[] defaults) =>
        environment.AddRange(defaults.Where(variable => !environment.ContainsKey(variable.Key)));

    /// <summary>Whether a variable is kept from processes. A secret parameter may be given with or without NUKE's prefix.</summary>
    public static bool IsSecret(string name, ConcurrentTestSettings settings)
    {
        const string prefix = "NUKE_";
        var isNuke = name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);
        return settings.SecretVariables.Contains(name, StringComparer.OrdinalIgnoreCase)
            || (isNuke && settings.SecretVariables.Contains(name[prefix.Length..], StringComparer.OrdinalIgnoreCase))
            || (isNuke && SecretWords.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase)));
    }

    private static bool IsOfTheBuild(string name, string value) =>
        BuildPrefixes.Any(prefix => name.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        || (name.Equals("DOTNET_HOST_PATH", StringComparison.OrdinalIgnoreCase) && !File.Exists(value));
}
