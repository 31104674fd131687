namespace ConcurrentTesting.Settings;

/// <summary>Arguments of <c>dotnet test</c> that have a counterpart here. NUKE passes over what it does not know, and so all tests would
/// run without them. An argument that the build has a parameter for is the build's.</summary>
internal static class DotNetTestArguments
{
    private static readonly ImmutableArray<(string Name, string Instead)> All =
    [
        ("Filter", "did you mean --test-filter?"),
        ("Framework", "did you mean --test-framework?"),
        ("Settings", "did you mean --test-settings?"),
        ("NoBuild", "did you mean --test-no-build?"),
        ("ListTests", "did you mean --test-list?"),
        ("ResultsDirectory", "did you mean --test-results-directory?"),
        ("Environment", "did you mean --test-environment?"),
        ("Collect", "did you mean --test-coverage?"),
        ("BlameHangTimeout", "did you mean --test-timeout?"),
        ("Diag", "did you mean --test-diagnostics?"),
        ("Logger", "each run writes TRX and JUnit files, into --test-results-directory"),
    ];

    /// <summary>What is to be said of an argument; null where it is none of these, or the build's own.</summary>
    /// <param name="written">As it was typed, which may be joined to its value: <c>--logger:trx</c>.</param>
    public static string? Describe(string written, IReadOnlyCollection<string> otherParameters)
    {
        var argument = written.Split('=', ':')[0];
        var known = All.FirstOrDefault(one => PlainName.Same(one.Name, argument));
        return known.Name is null || otherParameters.Any(other => PlainName.Same(other, argument))
            ? null
            : $"{argument}: there is no such parameter; {known.Instead}";
    }
}
