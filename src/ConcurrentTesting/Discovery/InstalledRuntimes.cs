namespace ConcurrentTesting.Discovery;

/// <summary>Decides, as the .NET host would, whether the runtimes that an assembly asks for are installed.</summary>
/// <remarks>https://learn.microsoft.com/dotnet/core/versions/selection#framework-dependent-apps-roll-forward</remarks>
internal sealed class InstalledRuntimes
{
    private readonly string _root;
    private readonly string? _rollForwardVariable;

    /// <param name="dotnet">The <c>dotnet</c> that will run the tests.</param>
    /// <param name="rollForwardVariable">The value of <c>DOTNET_ROLL_FORWARD</c> in the test processes; null: not set.</param>
    public InstalledRuntimes(string dotnet, string? rollForwardVariable)
    {
        _root = Path.GetDirectoryName(Path.GetFullPath(dotnet))!;
        _rollForwardVariable = rollForwardVariable;
    }

    /// <summary>What is missing for an assembly, in words: <c>Microsoft.NETCore.App 8.0.0 (/usr/share/dotnet has 10.0.12)</c>; null:
    /// nothing.</summary>
    public string? Missing(string assembly, string targetFramework)
    {
        foreach (var (name, version, policy) in Needed(assembly, targetFramework))
        {
            var installed = Installed(name);
            if (!installed.Any(candidate => Fits(candidate, version, policy)))
                return $"{name} {version} ({_root} has {(installed.IsEmpty ? "none" : string.Join(", ", installed))})";
        }

        return null;
    }

    private ImmutableArray<Version> Installed(string framework)
    {
        var folder = Path.Combine(_root, "shared", framework);
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateDirectories(folder).Select(path => Parse(Path.GetFileName(path))).OfType<Version>().Order()]
            : [];
    }

    private IEnumerable<(string Name, Version Version, string Policy)> Needed(string assembly, string targetFramework)
    {
        var file = Path.ChangeExtension(assembly, ".runtimeconfig.json");
        if (!File.Exists(file))
        {
            // A test host without the file runs on what the target framework implies.
            return Parse(
                targetFramework.Replace("netcoreapp", "", StringComparison.Ordinal).Replace("net", "", StringComparison.Ordinal)
                    .Split('-')[0]) is { } version
                ? [("Microsoft.NETCore.App", version, _rollForwardVariable ?? "Minor")]
                : [];
        }

        using var document = JsonDocument.Parse(
            File.ReadAllBytes(file), new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        return document.RootElement.TryGetProperty("runtimeOptions", out var options) ? [.. Read(options)] : [];
    }

    private IEnumerable<(string Name, Version Version, string Policy)> Read(JsonElement options)
    {
        var policy = Text(options, "rollForward") ?? "Minor";
        foreach (var framework in Frameworks(options))
        {
            if (Text(framework, "name") is { } name && Parse(Text(framework, "version") ?? "") is { } version)
                yield return (name, version, _rollForwardVariable ?? Text(framework, "rollForward") ?? policy);
        }
    }

    // A single framework is written as "framework", several as "frameworks".
    private static ImmutableArray<JsonElement> Frameworks(JsonElement options)
    {
        if (options.TryGetProperty("framework", out var single))
            return [single];
        return options.TryGetProperty("frameworks", out var several) ? [.. several.EnumerateArray()] : [];
    }

    private static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    // A preview counts as the release that it precedes.
    private static Version? Parse(string version) => Version.TryParse(version.Split('-')[0], out var parsed) ? parsed : null;

    private static bool Fits(Version installed, Version needed, string policy) =>
        installed >= needed && policy.ToUpperInvariant() switch
        {
            "DISABLE" => installed == needed,
            "LATESTPATCH" => installed.Major == needed.Major && installed.Minor == needed.Minor,
            "MAJOR" or "LATESTMAJOR" => true,
            _ => installed.Major == needed.Major,
        };
}
