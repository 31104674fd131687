namespace ConcurrentTesting.Discovery;

/// <summary>What MSTest's classes share: the assembly's set-up, and that some of them must not run in parallel.</summary>
internal sealed class MSTestSharing : ISharingReader
{
    private const string Prefix = "Microsoft.VisualStudio.TestTools.UnitTesting.";

    private readonly TypeHierarchy _types;
    private readonly TestAssembly _assembly;
    private readonly bool _hasAssemblySetUp;

    public MSTestSharing(TestAssembly assembly)
    {
        _assembly = assembly;
        _types = new TypeHierarchy(assembly.Path);
        _hasAssemblySetUp = _types.TypeNames.Any(type => _types.Assembly!.MethodAttributesOf(type)
            .Any(attribute => attribute.Type is Prefix + "AssemblyInitializeAttribute" or Prefix + "AssemblyCleanupAttribute"));
    }

    public ClassSharing Of(string className)
    {
        var attributes = _types.AttributesOf(className).ToList();
        var setUps = ImmutableArray.CreateBuilder<SharedSetUp>();
        if (_hasAssemblySetUp)
            setUps.Add(new SharedSetUp("[AssemblyInitialize]", _assembly.Name) { IsBond = false });
        if (attributes.Concat(_types.MethodAttributesOf(className)).Any(
            attribute => attribute.Type == Prefix + "DoNotParallelizeAttribute"))
            setUps.Add(NotInParallel.SetUp("DoNotParallelize"));
        return new ClassSharing(setUps.ToImmutable(), [.. TogetherMark.In(attributes).Select(TogetherMark.ToTie)])
        {
            OneProcess = OneProcess.Why(_types, className, IsSetUpOfClass),
        };
    }

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
