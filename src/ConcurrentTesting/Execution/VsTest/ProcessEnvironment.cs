using System.Collections;
using System.Collections.Immutable;

namespace ConcurrentTesting.Execution.VsTest;

/// <summary>The environment that test processes start from: the build's own, without its secrets and without what MSBuild and the CLI left in it.</summary>
internal static class ProcessEnvironment
{
    private static readonly StringComparer Names = OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    // What `dotnet` and MSBuild set for their own children. A test that starts dotnet itself would be led astray by it.
    private static readonly string[] BuildPrefixes = ["MSBUILD", "DOTNET_CLI_TELEMETRY_SESSIONID", "CONCURRENT_TEST_"];

    private const string TieredPgo = "DOTNET_TieredPGO";

    private static readonly string[] SecretWords = ["PASSWORD", "SECRET", "TOKEN", "APIKEY", "API_KEY", "CONNECTION_STRING", "CREDENTIAL"];

    /// <summary>The current environment for test processes of a run with these settings.</summary>
    public static ImmutableDictionary<string, string> For(ConcurrentTestSettings settings) =>
        Environment.GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .Select(entry => KeyValuePair.Create((string)entry.Key, entry.Value as string ?? ""))
            .Where(variable => !IsSecret(variable.Key, settings) && !IsOfTheBuild(variable.Key, variable.Value))
            .ToImmutableDictionary(Names)
            .WithoutProfiling();

    // Test hosts live for seconds: instrumenting their code for a better second compilation costs a quarter of their CPU time and is never paid back.
    private static ImmutableDictionary<string, string> WithoutProfiling(this ImmutableDictionary<string, string> environment) =>
        environment.ContainsKey(TieredPgo) ? environment : environment.Add(TieredPgo, "0");

    // A secret parameter can be given with and without NUKE's prefix.
    private static bool IsSecret(string name, ConcurrentTestSettings settings)
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
