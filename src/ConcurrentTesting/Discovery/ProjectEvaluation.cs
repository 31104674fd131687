namespace ConcurrentTesting.Discovery;

/// <summary>What MSBuild says of one target framework of a project.</summary>
/// <param name="Project">The project file's absolute path.</param>
/// <param name="TargetFramework">The moniker; empty in projects of the old kind.</param>
/// <param name="TargetPath">Where the build puts the assembly, absolute.</param>
/// <param name="IsTestProject">
/// The project calls itself a test project (<c>IsTestProject</c> or <c>IsTestingPlatformApplication</c>).
/// </param>
/// <param name="IsRestored">Its packages are restored; without them their properties are missing.</param>
/// <param name="RunSettingsFile">What <c>VSTestSetting</c>, or else <c>RunSettingsFilePath</c>, names, absolute; null: nothing.</param>
internal sealed record ProjectEvaluation(
    string Project, string TargetFramework, string TargetPath, bool IsTestProject, bool IsRestored, string? RunSettingsFile)
{
    /// <summary>Where NuGet's restore wrote what the packages give, absolute; null: nowhere.</summary>
    public string? AssetsFile { get; init; }

    /// <summary>It refers to a package that makes a project a test project once it is restored.</summary>
    public bool RefersToTestPackage { get; init; }

    /// <summary>The projects that it consists of, itself too, and what these read from outside of its repository or from folders of outputs
    /// in it, absolute, packages and SDKs left out; null where that is not known.</summary>
    public ImmutableArray<string>? Inputs { get; init; }

    /// <summary>The files outside of packages and SDKs that it imports, or may, and what it looks for beside them.</summary>
    public ImmutableArray<string> Imports { get; init; } = [];

    /// <summary>The first thing that it looks for of which it is not known where that is; null: there is none.</summary>
    public string? Doubt { get; init; }

    /// <summary>The list that MSBuild keeps of what each project wrote, for all projects that this one consists of; absolute, be it there
    /// or not.</summary>
    public ImmutableArray<string> WrittenLists { get; init; } = [];

    /// <summary>What <see cref="AssetsFile"/> is of this project, for all projects that it consists of.</summary>
    public ImmutableArray<string> AllAssetsFiles { get; init; } = [];

    /// <summary>Its <c>VSTestTestCaseFilter</c>; null: none.</summary>
    public string? Filter { get; init; }

    /// <summary>Those of <see cref="Discovery.UnusedProperties.Names"/> that it sets.</summary>
    public ImmutableArray<string> UnusedProperties { get; init; } = [];
}

/// <summary>The evaluations of several projects, and what MSBuild had against the others.</summary>
/// <param name="Errors">One for each project that could not be evaluated.</param>
/// <param name="Strangers">The projects that can be evaluated and have nothing in common with those that hold tests.</param>
internal sealed record EvaluationResult(
    ImmutableArray<ProjectEvaluation> Projects, ImmutableArray<EvaluationError> Errors, ImmutableArray<string> Strangers)
{
    public static EvaluationResult Empty { get; } = new([], [], []);

    public EvaluationResult And(EvaluationResult other) =>
        new([.. Projects, .. other.Projects], [.. Errors, .. other.Errors], [.. Strangers, .. other.Strangers]);
}

/// <summary>Why a project could not be evaluated.</summary>
/// <param name="Project">Its absolute path.</param>
/// <param name="Reason">MSBuild's own line.</param>
internal sealed record EvaluationError(string Project, string Reason)
{
    public override string ToString() => $"{Project} cannot be evaluated by MSBuild: {Reason}";
}
