namespace ConcurrentTesting.Record;

/// <summary>The phases of a run, as run.json names them, in the order they begin; discovery and template go on side by side.</summary>
internal static class PhaseNames
{
    /// <summary>Test projects are built.</summary>
    public const string Build = "build";

    /// <summary>Tests are discovered.</summary>
    public const string Discovery = "discovery";

    /// <summary>The server is checked and swept, templates are built.</summary>
    public const string Template = "template";

    /// <summary>Tests run.</summary>
    public const string Tests = "tests";

    /// <summary>Timings are saved.</summary>
    public const string Timings = "timings";

    /// <summary>Coverage is merged.</summary>
    public const string Coverage = "coverage";

    /// <summary>Artifacts are written.</summary>
    public const string Reports = "reports";
}
