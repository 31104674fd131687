namespace ConcurrentTesting.Settings;

/// <summary>Where the values of parameters come from. The first that has one wins, in the order of these properties.</summary>
public sealed record ParameterSources
{
    /// <summary>The arguments of the process, without the program: <c>ConcurrentTest --workers 8</c>.</summary>
    public ImmutableArray<string> CommandLine { get; init; } = [];

    /// <summary>The environment. Only names with <c>NUKE_</c> count, and those of <see cref="HasGeneratedVariables"/>.</summary>
    public ImmutableDictionary<string, string> Environment { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The build runs on a CI host whose configuration the build system generates, with parameters' own names as variables: there
    /// <c>TestConnectionString</c> counts as well, where the name contains <c>Test</c> and is written without separators.</summary>
    public bool HasGeneratedVariables { get; init; }

    /// <summary>The JSON files of parameters that exist; a later one overrides an earlier one.</summary>
    public ImmutableArray<string> Files { get; init; } = [];

    /// <summary>What the build system itself makes of a parameter, by its name; null where it has no value. Asked last, once, and not at
    /// all where an unprefixed variable could be mistaken for the parameter. The only source of encrypted values.</summary>
    public Func<string, IReadOnlyList<string>?> BuildSystem { get; init; } = _ => null;

    /// <summary>Names of other parameters that the build knows; they are nobody's typing error.</summary>
    public ImmutableArray<string> OtherParameters { get; init; } = [];
}
