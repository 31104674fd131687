namespace ConcurrentTesting.Benchmarks.Samples;

/// <summary>One way to run the samples.</summary>
/// <param name="Build">The build that runs them.</param>
/// <param name="Arguments">Beside those of every way.</param>
internal sealed record Way(string Name, string Build, params string[] Arguments)
{
    /// <summary>Of the run, beside what it inherits.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Environment { get; init; } = [];

    /// <summary>Runs before the first that counts, until its log has this text so often.</summary>
    public (string Text, int Times)? Until { get; init; }
}

/// <summary>What is compared; the first is what the others are measured by.</summary>
internal static class Ways
{
    private const string Cache = "XDG_DATA_HOME";
    private const string Connection = "ConnectionStrings__Default={ConnectionString}";

    // Each alone; what interleaved runs do not prove is not used.
    private static readonly string[] Settings =
    [
        "DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0",
        "DOTNET_TieredPGO=0",
        "DOTNET_TieredCompilation=0",
        "DOTNET_gcConcurrent=0",
        "DOTNET_GCgen0size=0x4000000",
    ];

    public static IEnumerable<Way> Of(string which, EarlierEngine? earlier, string folder)
    {
        var build = BuildOf(EarlierEngine.Root);
        return which switch
        {
            "before" => [new Way("before warm test hosts", BuildOf(earlier!.Folder)), new Way("this engine", build)],
            "ahead" =>
            [
                new Way("as built", build),
                new Way("--test-ahead-of-time auto", build, "--test-ahead-of-time", "auto")
                {
                    Environment = CacheIn(folder),
                    Until = ("assemblies compiled ahead", SampleRuns.Suites.Length),
                },
            ],
            "settings" => [new Way("as it is", build), .. Settings.Select(setting => new Way(setting, build, "--test-environment", Connection, setting))],
            _ => throw new ArgumentException($"{which}: it is before, ahead or settings."),
        };
    }

    // What was compiled goes away with the folder, unless the caller has a place for it.
    private static KeyValuePair<string, string>[] CacheIn(string folder) => System.Environment.GetEnvironmentVariable(Cache) is null
        ? [KeyValuePair.Create(Cache, Path.Combine(folder, "compiled"))]
        : [];

    private static string BuildOf(string root) => Path.Combine(root, "build", "bin", "Debug", "_build.dll");
}
