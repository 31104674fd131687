using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Discovery;

/// <summary>What NUnit's fixtures share: a set-up fixture runs once around all fixtures of its namespace and below, and ordered fixtures of
/// one namespace follow each other.</summary>
internal sealed class NUnitSharing : ISharingReader
{
    private const string WholeAssembly = "assembly";
    private const string Prefix = "NUnit.Framework.";

    private readonly TypeHierarchy _types;
    private readonly TestAssembly _assembly;
    private readonly ILookup<string, string> _setUpFixtures;
    private readonly DependentClasses _dependent;

    public NUnitSharing(TestAssembly assembly)
    {
        _assembly = assembly;
        _types = new TypeHierarchy(assembly.Path);
        _dependent = new DependentClasses(_types, Prefix + "DependsOnFixtureAttribute");
        _setUpFixtures = NUnitFixtures.SetUpFixtures(_types.Assembly);
    }

    public ClassSharing Of(string fixture)
    {
        var type = NUnitFixtures.WithoutArguments(fixture);
        var space = NUnitFixtures.NamespaceOf(type);
        var attributes = _types.AttributesOf(type).ToList();
        var covering = _setUpFixtures.Where(setUp => NUnitFixtures.Covers(setUp.Key, space)).OrderBy(setUp => setUp.Key.Length).ToList();
        var setUps = covering.Select(setUp => SetUp(setUp.Key));
        if (attributes.Any(attribute => attribute.Type == Prefix + "NonParallelizableAttribute"))
            setUps = setUps.Append(NotInParallel.SetUp("NonParallelizable"));
        var ordered = Ordered(type, space, attributes).ToList();
        return new ClassSharing(
            [.. setUps], [.. ordered, .. TogetherMark.In(attributes).Select(TogetherMark.ToTie), .. covering.SelectMany(Marks)])
        {
            OneProcess = OneProcess.Why(_types, type, IsSetUpOfClass),
            // NUnit orders methods within one fixture, arguments included.
            Need = ordered.FirstOrDefault()?.Name is { } name ? name == type ? fixture : name : null,
        };
    }

    private static bool IsSetUpOfClass(AttributeFacts attribute) =>
        attribute.Type is Prefix + "OneTimeSetUpAttribute" or Prefix + "OneTimeTearDownAttribute";

    public void Dispose() => _types.Dispose();

    private SharedSetUp SetUp(string space) =>
        space.Length == 0 ? new SharedSetUp(WholeAssembly, _assembly.Name) : new SharedSetUp($"namespace {space}", space);

    private IEnumerable<Tie> Ordered(string type, string space, List<AttributeFacts> attributes)
    {
        if (_dependent.TieOf(type) is { } tie)
            yield return tie;
        if (attributes.Any(attribute => attribute.Type == Prefix + "OrderAttribute"))
            yield return new Tie($"ordered fixtures of {space}", "[Order]");
        if (_types.MethodAttributesOf(type).FirstOrDefault(IsOrder) is { } order)
            yield return new Tie(type, $"[{order.ShortName}]");
    }

    private static bool IsOrder(AttributeFacts attribute) =>
        attribute.Type is Prefix + "OrderAttribute" or Prefix + "DependsOnTestAttribute";

    // A mark on a set-up fixture keeps all classes together that it sets up for.
    private IEnumerable<Tie> Marks(IGrouping<string, string> setUp) =>
        setUp.SelectMany(type => TogetherMark.In(_types.AttributesOf(type)))
            .SelectMany(
                mark => new[] { new Tie(SetUp(setUp.Key).Name, TogetherMark.ToTie(mark).Cause) }.Concat(
                    mark.Contains(':') ? [TogetherMark.ToTie(mark)] : []));
}
