namespace ConcurrentTesting.Discovery;

/// <summary>The xunit collections of an assembly, which VSTest does not tell: classes of one collection share its fixtures; and what else
/// an assembly of xunit shares.</summary>
internal sealed class XUnitCollections : ISharingReader
{
    private const string WholeAssembly = "assembly";
    private const string Prefix = "Xunit.";

    // This is the value of xunit v3's ParallelMode for all tests.
    private const int AllTests = 2;

    private const string NotParallel = "DisableParallelization";

    private readonly TypeHierarchy _types;
    private readonly TestAssembly _assembly;
    private readonly List<AttributeFacts> _attributes;
    private readonly bool _hasOwnFactory;
    private readonly bool _isOneCollection;
    private readonly Dictionary<string, CollectionFacts> _collections = [];
    private readonly Lazy<Dictionary<string, string>> _definitions;
    private readonly Lazy<bool> _isParallelInside;

    public XUnitCollections(TestAssembly assembly)
    {
        _assembly = assembly;
        _types = new TypeHierarchy(assembly.Path);
        _attributes = [.. _types.AssemblyAttributes];
        var behavior = _attributes.FirstOrDefault(attribute => Is(attribute, "CollectionBehavior"));
        _hasOwnFactory = IsOwnFactory(behavior);
        _isOneCollection = _hasOwnFactory || behavior is { TypeArgument: null, Arguments: [0] };
        _definitions = new(ReadDefinitions);
        _isParallelInside = new(IsParallelInside);
    }

    public ClassSharing Of(string className)
    {
        var attributes = _types.AttributesOf(className).ToList();
        var collection = CollectionOf(attributes);
        var isAlone = attributes.Concat(_types.MethodAttributesOf(className)).Any(IsNotParallel);
        return new ClassSharing(
            [
                .. AssemblyFixtures(),
                .. collection is null ? [] : new[] { collection.SetUp },
                .. isAlone ? [NotInParallel.SetUp(NotParallel)] : Array.Empty<SharedSetUp>(),
            ],
            [
                .. Ordered(className, attributes, collection),
                .. collection?.Ties ?? [],
                .. TogetherMark.In(attributes.Concat(_attributes)).Select(TogetherMark.ToTie),
            ])
        {
            OneProcess = OneProcess.Why(_types, className, _ => false, Prefix + "IClassFixture`1"),
            IsParallelInside = _isParallelInside.Value && !isAlone,
            Need = attributes.Concat(_attributes).Any(IsOrdererOfCases) ? className : null,
        };
    }

    // xunit v3 knows it of collections, classes, tests and rows.
    private static bool IsNotParallel(AttributeFacts attribute) => attribute.Named.GetValueOrDefault(NotParallel) is true;

    // An attribute of the assembly says it, or the configuration file that xunit reads beside it.
    private bool IsParallelInside() =>
        _assembly.Framework == TestFramework.XUnit3
        && (_attributes.Any(attribute => Is(attribute, "Parallelization") && attribute.Named.GetValueOrDefault("Mode") is AllTests)
            || XUnitConfiguration.Of(_assembly.Path, "parallelMode")?.Equals("all", StringComparison.OrdinalIgnoreCase) == true);

    public void Dispose() => _types.Dispose();

    // Created once a process: xunit v3's, its pipeline's, and those of a framework of the suite's own.
    private IEnumerable<SharedSetUp> AssemblyFixtures() => _attributes.Any(
        attribute => Is(attribute, "AssemblyFixture") || Is(attribute, "TestPipelineStartup") || Is(attribute, "TestFramework"))
        ? [new SharedSetUp("assembly fixtures", _assembly.Name) { IsBond = false }]
        : [];

    // An orderer of collections ties all of them; an orderer of classes ties those of each collection.
    private IEnumerable<Tie> Ordered(string className, List<AttributeFacts> attributes, CollectionFacts? collection)
    {
        if (_attributes.Any(attribute => Is(attribute, "TestCollectionOrderer")))
            yield return new Tie(WholeAssembly, "[TestCollectionOrderer]");
        if (collection is not null && _attributes.Any(attribute => Is(attribute, "TestClassOrderer")))
            yield return new Tie(collection.SetUp.Name, "[TestClassOrderer]");
        if (attributes.Concat(_attributes).FirstOrDefault(IsOrdererOfCases) is { } orderer)
            yield return new Tie(className, $"[{orderer.ShortName}]");
    }

    private static bool IsOrdererOfCases(AttributeFacts attribute) =>
        Is(attribute, "TestCaseOrderer") || Is(attribute, "TestMethodOrderer");

    private static bool IsOrderer(AttributeFacts attribute) => IsOrdererOfCases(attribute) || Is(attribute, "TestClassOrderer");

    // A generic attribute, such as AssemblyFixtureAttribute`1, counts too.
    private static bool Is(AttributeFacts attribute, string name) =>
        attribute.Type.StartsWith(Prefix, StringComparison.Ordinal) && attribute.ShortName == name;

    // A factory of the user's own may group as it likes: only the assembly as a whole holds its groups together for sure.
    private static bool IsOwnFactory(AttributeFacts? behavior) => behavior switch
    {
        { TypeArgument: { } factory } => IsOwnFactory(factory),
        { Arguments: [string factory, ..] } => IsOwnFactory(factory),
        _ => false,
    };

    private static bool IsOwnFactory(string factory) =>
        !factory.EndsWith("CollectionPerClassTestCollectionFactory", StringComparison.Ordinal);

    private CollectionFacts WholeAssemblyCollection() => new(
        new SharedSetUp(WholeAssembly, _assembly.Name) { HasFixture = false, MayHaveFixture = _hasOwnFactory, Guard = NoFixture }, []);

    // The attribute is inherited, also from a base class in another assembly.
    private CollectionFacts? CollectionOf(IEnumerable<AttributeFacts> attributes)
    {
        if (attributes.Select(NameIn).OfType<string>().FirstOrDefault() is not { } name)
            return _isOneCollection ? WholeAssemblyCollection() : null;
        return _collections.TryGetValue(name, out var known) ? known : _collections[name] = Read(name);
    }

    private const string NoFixture = "has no fixture";

    private static string? NameIn(AttributeFacts attribute) => Is(attribute, "Collection")
        ? attribute.TypeArgument ?? (attribute.Arguments is [string name, ..] ? name : null)
        : null;

    private CollectionFacts Read(string name)
    {
        var setUp = new SharedSetUp($"collection {name}", name);
        var (attributes, interfaces) = Definition(name);
        var hasFixture = interfaces.Contains("Xunit.ICollectionFixture`1");
        var isAlone = attributes.Any(
            attribute => Is(attribute, "CollectionDefinition") && IsNotParallel(attribute));
        setUp = setUp with { HasFixture = hasFixture, Guard = isAlone ? "must not run in parallel" : hasFixture ? null : NoFixture };
        return new CollectionFacts(setUp, [.. Ties(setUp, attributes)]);
    }

    private static IEnumerable<Tie> Ties(SharedSetUp setUp, List<AttributeFacts> definition)
    {
        if (definition.FirstOrDefault(IsOrderer) is { } orderer)
            yield return new Tie(setUp.Name, $"[{orderer.ShortName}]");
        foreach (var tie in TogetherMark.In(definition).Select(mark => (Mark: mark, Tie: TogetherMark.ToTie(mark))))
        {
            yield return new Tie(setUp.Name, tie.Tie.Cause);
            if (tie.Mark.Contains(':'))
                yield return tie.Tie;
        }
    }

    private (List<AttributeFacts> Attributes, HashSet<string> Interfaces) Definition(string name)
    {
        if (_definitions.Value.TryGetValue(name, out var own) || (_types.Assembly?.Has(name) == true && (own = name) is not null))
            return ([.. _types.AttributesOf(own)], [.. _types.InterfacesOf(own)]);

        // xunit v3 takes a definition of another assembly where it is named by its type.
        var (assembly, type) = _types.Find(name).FirstOrDefault();
        return assembly is null ? ([], []) : ([.. assembly.AttributesOf(type)], [.. assembly.InterfacesOf(type)]);
    }

    private Dictionary<string, string> ReadDefinitions()
    {
        var definitions = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var type in _types.TypeNames)
        {
            if (_types.Assembly!.AttributesOf(type).FirstOrDefault(
                attribute => Is(attribute, "CollectionDefinition")) is { Arguments: [string name, ..] })
                definitions.TryAdd(name, type);
        }

        return definitions;
    }

    private sealed record CollectionFacts(SharedSetUp SetUp, ImmutableArray<Tie> Ties);
}
