namespace ConcurrentTesting.VsTest;

/// <summary>How NUnit names its fixtures and the suites around them.</summary>
internal sealed class NUnitFixtures
{
    private readonly ILookup<string, string> _setUpFixtures;

    public NUnitFixtures(string assembly)
    {
        using var metadata = AssemblyMetadata.Open(assembly);
        _setUpFixtures = SetUpFixtures(metadata);
    }

    /// <summary>The set-up fixtures of an assembly by their namespaces.</summary>
    public static ILookup<string, string> SetUpFixtures(AssemblyMetadata? metadata) =>
        (metadata?.TypeNames ?? [])
            .Where(type => metadata!.AttributesOf(type).Any(candidate => candidate.Type == "NUnit.Framework.SetUpFixtureAttribute"))
            .ToLookup(type => metadata!.NamespaceOf(type));

    /// <summary>What NUnit calls the suite of a namespace: by its set-up fixtures where it has some.</summary>
    public IEnumerable<string> SuitesOf(string space) => _setUpFixtures.Contains(space) ? _setUpFixtures[space] : [space];

    /// <summary>Whether a set-up fixture of one namespace sets up for fixtures of another.</summary>
    public static bool Covers(string setUp, string space) =>
        setUp.Length == 0 || space == setUp || space.StartsWith(setUp + ".", StringComparison.Ordinal);

    /// <summary>The class of a fixture: Orders(1) and Repository&lt;Int32&gt; are Orders and Repository.</summary>
    public static string WithoutArguments(string fixture)
    {
        var end = fixture.AsSpan().IndexOfAny('(', '<');
        return end > 0 ? fixture[..end] : fixture;
    }

    public static string NamespaceOf(string type)
    {
        var outer = type.Split('+')[0];
        return outer.LastIndexOf('.') is > 0 and var dot ? outer[..dot] : "";
    }
}
