using System.Collections.Immutable;

namespace ConcurrentTesting.Discovery;

/// <summary>
/// What holds NUnit fixtures together: a set-up fixture runs once around all fixtures of its namespace and below, and ordered fixtures of one
/// namespace follow each other.
/// </summary>
internal sealed class NUnitFixtures
{
    private const string WholeAssembly = "assembly";

    private readonly ILookup<string, string> _setUpFixtures;
    private readonly ImmutableHashSet<string> _orderedTypes;

    public NUnitFixtures(string assembly)
    {
        using var metadata = AssemblyMetadata.Open(assembly);
        var types = metadata?.TypeNames.ToList() ?? [];
        _setUpFixtures = types.Where(type => Has(metadata!, type, "NUnit.Framework.SetUpFixtureAttribute")).ToLookup(metadata!.NamespaceOf);
        _orderedTypes = [.. types.Where(type => Has(metadata!, type, "NUnit.Framework.OrderAttribute")).Select(type => type.Split('`')[0])];
    }

    /// <summary>The unit of a fixture: the outermost namespace with a set-up fixture, the ordered fixtures of its namespace, or the fixture itself.</summary>
    public string UnitOf(string fixture)
    {
        var type = WithoutArguments(fixture);
        var space = NamespaceOf(type);
        var outermost = _setUpFixtures.Select(setUp => setUp.Key).Where(setUp => Covers(setUp, space)).MinBy(setUp => setUp.Length);
        return outermost switch
        {
            "" => WholeAssembly,
            not null => $"namespace {outermost}",
            _ when _orderedTypes.Contains(type) => $"ordered fixtures of {space}",
            _ => fixture,
        };
    }

    /// <summary>What NUnit calls the suite of a namespace: by its set-up fixtures where it has some.</summary>
    public IEnumerable<string> SuitesOf(string space) => _setUpFixtures.Contains(space) ? _setUpFixtures[space] : [space];

    /// <summary>The name of the type: Orders(1) and Repository&lt;Int32&gt; are Orders and Repository.</summary>
    public static string WithoutArguments(string fixture)
    {
        var end = fixture.AsSpan().IndexOfAny('(', '<');
        return end > 0 ? fixture[..end] : fixture;
    }

    private static bool Has(AssemblyMetadata metadata, string type, string attribute) =>
        metadata.AttributesOf(type).Any(candidate => candidate.Type == attribute);

    private static bool Covers(string setUp, string space) =>
        setUp.Length == 0 || space == setUp || space.StartsWith(setUp + ".", StringComparison.Ordinal);

    private static string NamespaceOf(string type)
    {
        var outer = type.Split('+')[0];
        return outer.LastIndexOf('.') is > 0 and var dot ? outer[..dot] : "";
    }
}
