namespace ConcurrentTesting.Discovery;

/// <summary>What MSTest's classes share: the assembly's set-up, and that some of them must not run in parallel.</summary>
internal sealed class MSTestSharing : ISharingReader
{
    private const string Prefix = "Microsoft.VisualStudio.TestTools.UnitTesting.";
    private const string DependsOn = Prefix + "DependsOnAttribute";
    private const string FixtureProvider = Prefix + "AssemblyFixtureProviderAttribute";

    private readonly TypeHierarchy _types;
    private readonly TestAssembly _assembly;
    private readonly bool _hasAssemblySetUp;
    private readonly DependentClasses _dependent;

    public MSTestSharing(TestAssembly assembly)
    {
        _assembly = assembly;
        _types = new TypeHierarchy(assembly.Path);
        _dependent = new DependentClasses(_types, DependsOn);
        _hasAssemblySetUp = TakesSetUpOfOthers() || _types.TypeNames.Any(type => _types.Assembly!.MethodAttributesOf(type)
            .Any(attribute => attribute.Type is Prefix + "AssemblyInitializeAttribute" or Prefix + "AssemblyCleanupAttribute"));
    }

    public ClassSharing Of(string className)
    {
        var attributes = _types.AttributesOf(className).ToList();
        var setUps = ImmutableArray.CreateBuilder<SharedSetUp>();
        if (_hasAssemblySetUp)
            setUps.Add(new SharedSetUp("[AssemblyInitialize]", _assembly.Name) { IsBond = false });
        var all = attributes.Concat(_types.MethodAttributesOf(className)).ToList();
        if (all.Exists(attribute => attribute.Type == Prefix + "DoNotParallelizeAttribute"))
            setUps.Add(NotInParallel.SetUp("DoNotParallelize"));
        var needs = (_dependent.TieOf(className) ?? TieOf(className, all)) is { } tie ? ImmutableArray.Create(tie) : [];
        return new ClassSharing(setUps.ToImmutable(), [.. TogetherMark.In(attributes).Select(TogetherMark.ToTie), .. needs])
        {
            Need = needs.FirstOrDefault()?.Name,
            OneProcess = OneProcess.Why(_types, className, IsSetUpOfClass),

            // A lock holds within a process. Readers wait for each other too here.
            Locks = [.. all.Where(attribute => attribute.Type == Prefix + "ResourceLockAttribute")
                .Select(attribute => attribute.Arguments.FirstOrDefault()).OfType<string>().Distinct()],
        };
    }

    // A library beside the test assembly may bring it, in versions of MSTest that know of that.
    private bool TakesSetUpOfOthers() => _types.IsBeside("MSTest.TestFramework", FixtureProvider)
        && _types.AssemblyAttributes.Concat(_types.AttributesOfReferences).Any(attribute => attribute.Type == FixtureProvider);

    private static Tie? TieOf(string className, List<AttributeFacts> all) =>
        all.Find(attribute => attribute.Type == DependsOn) is { } dependency ? new Tie(className, $"[{dependency.ShortName}]") : null;

    private static bool IsSetUpOfClass(AttributeFacts attribute) =>
        attribute.Type is Prefix + "ClassInitializeAttribute" or Prefix + "ClassCleanupAttribute";

    public void Dispose() => _types.Dispose();
}

/// <summary>Classes that their author marked as not to run in parallel.</summary>
internal static class NotInParallel
{
    public static SharedSetUp SetUp(string attribute) =>
        new($"what [{attribute}] marks", attribute) { HasFixture = false, Guard = "must not run in parallel" };
}
