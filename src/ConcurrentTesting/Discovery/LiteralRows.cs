namespace ConcurrentTesting.Discovery;

/// <summary>Which tests of an assembly are literals.</summary>
/// <param name="Reason">Why not all of them are, for people; null: all are.</param>
/// <param name="Classes">Those of which all are, where not all of the assembly are.</param>
internal sealed record LiteralTests(string? Reason, ImmutableHashSet<string> Classes)
{
    public static LiteralTests None(string reason) => new(reason, []);
}

/// <summary>Tells by metadata which tests of an assembly are written in it and in the assemblies beside it as literals (<c>InlineData</c>,
/// <c>TestCase</c>, <c>DataRow</c>), so that no discovery of the same files can find others. Every attribute has to be known to be
/// harmless: one that derives from a test framework's, or that cannot be followed to its base, may find or name tests by code of its
/// own.</summary>
internal sealed class LiteralRows : IDisposable
{
    // An adapter reads nothing of these attributes but what is written in them.
    private static readonly HashSet<string> OfXUnit = Named(
        "Xunit", "Fact", "Theory", "InlineData", "Trait", "Collection", "Collection`1", "CollectionDefinition", "CollectionBehavior",
        "AssemblyFixture", "TestCaseOrderer", "TestCollectionOrderer");

    private static readonly HashSet<string> OfNUnit = Named(
        "NUnit.Framework", "Test", "TestCase", "TestFixture", "SetUpFixture", "SetUp", "TearDown", "OneTimeSetUp", "OneTimeTearDown",
        "Category", "Description", "Author", "Order", "Explicit", "Ignore", "Parallelizable", "NonParallelizable", "LevelOfParallelism",
        "FixtureLifeCycle", "Retry", "Repeat", "Timeout", "CancelAfter", "MaxTime", "TestOf", "SingleThreaded");

    private static readonly HashSet<string> OfMSTest = Named(
        "Microsoft.VisualStudio.TestTools.UnitTesting", "TestClass", "TestMethod", "DataTestMethod", "DataRow", "TestCategory", "Priority",
        "Owner", "Description", "Ignore", "Timeout", "TestInitialize", "TestCleanup", "ClassInitialize", "ClassCleanup",
        "AssemblyInitialize", "AssemblyCleanup", "DoNotParallelize", "Parallelize", "TestProperty", "WorkItem", "ExpectedException",
        "DeploymentItem");

    private static readonly Dictionary<string, HashSet<string>> Frameworks = new(StringComparer.OrdinalIgnoreCase)
    {
        ["xunit.core"] = OfXUnit,
        ["xunit.abstractions"] = OfXUnit,
        ["xunit.v3.core"] = OfXUnit,
        ["xunit.v3.common"] = OfXUnit,
        // These only say how results are shown.
        ["xunit.v3.runner.common"] = Named(
            "Xunit.Runner.Common", "RegisterRunnerReporter", "RegisterResultWriter", "RegisterConsoleResultWriter",
            "RegisterMicrosoftTestingPlatformResultWriter"),
        ["nunit.framework"] = OfNUnit,
        ["MSTest.TestFramework"] = OfMSTest,
        ["MSTest.TestFramework.Extensions"] = OfMSTest,
        ["Microsoft.VisualStudio.TestPlatform.TestFramework"] = OfMSTest,
        ["Microsoft.VisualStudio.TestPlatform.TestFramework.Extensions"] = OfMSTest,
    };

    // A test that is ignored until a day changes on that day.
    private static readonly byte[] Until = Encoding.UTF8.GetBytes("Until");

    private readonly string _folder;
    private readonly Dictionary<string, AssemblyMetadata?> _opened = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<(string, string), string?> _judged = [];

    private readonly string _test;
    private readonly Dictionary<(string Assembly, string Type), string> _reasons = [];
    private string? _first;
    private string? _ofAssembly;

    private LiteralRows(string assembly)
    {
        _folder = Path.GetDirectoryName(assembly)!;
        _test = Path.GetFileNameWithoutExtension(assembly);
    }

    /// <summary>Reads an assembly and what is beside it.</summary>
    public static LiteralTests Of(string assembly)
    {
        try
        {
            using var rows = new LiteralRows(assembly);
            return rows.Read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            return LiteralTests.None(exception.Message);
        }
    }

    public void Dispose()
    {
        foreach (var assembly in _opened.Values)
            assembly?.Dispose();
    }

    private static HashSet<string> Named(string space, params string[] names) =>
        [.. names.Select(name => name.Contains('`', StringComparison.Ordinal)
            ? $"{space}.{name.Replace("`", "Attribute`", StringComparison.Ordinal)}"
            : $"{space}.{name}Attribute")];

    private LiteralTests Read()
    {
        if (Open(_test) is not { } tests)
            return LiteralTests.None($"{_test} is no .NET assembly");
        if (Directory.EnumerateFiles(_folder, "*.addins").FirstOrDefault() is { } addins)
            return LiteralTests.None($"{Path.GetFileName(addins)} may extend its framework");
        foreach (var assembly in WithTests())
        {
            foreach (var use in Open(assembly)!.AttributeUses())
                Judge(use, assembly);
        }

        return new LiteralTests(_first, _first is null || _ofAssembly is not null ? [] : [.. tests.TypeNames.Where(IsLiteral)]);
    }

    private void Judge(AttributeUse use, string assembly)
    {
        if (ReasonOf(use, assembly) is not { } found)
            return;
        var reason = $"{assembly} has {found}";
        _first ??= reason;
        if (use.On is { } type)
            _reasons[(assembly, type)] = reason;
        else
            _ofAssembly ??= reason;
    }

    // A class has the tests of its bases too, so all of them must be literals.
    private bool IsLiteral(string type)
    {
        var (name, owner) = (type, _test);
        while (!IsOfRuntime(owner))
        {
            if (Frameworks.ContainsKey(owner) || _reasons.ContainsKey((owner, name)) || Open(owner) is not { } metadata
                || metadata.BaseOf(name) is not { } parent)
                return false;
            (name, owner) = (parent.Name, parent.Assembly ?? owner);
        }

        return true;
    }

    // These are the test assembly and those beside it from which it can inherit tests: an assembly that refers to no test framework, not
    // even through another one, has no tests.
    private HashSet<string> WithTests()
    {
        var all = Reachable();
        var knowing = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { _test };
        while (all.FirstOrDefault(name => !knowing.Contains(name) && ReferencesOf(name).Any(Knows)) is { } further)
            knowing.Add(further);
        return knowing;

        bool Knows(string reference) => Frameworks.ContainsKey(reference) || knowing.Contains(reference);
    }

    private HashSet<string> Reachable()
    {
        var all = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var open = new Queue<string>([_test]);
        while (open.TryDequeue(out var name))
        {
            if (!all.Add(name))
                continue;
            foreach (var reference in ReferencesOf(name).Where(other => !Frameworks.ContainsKey(other) && Open(other) is not null))
                open.Enqueue(reference);
        }

        return all;
    }

    private IEnumerable<string> ReferencesOf(string name) => Open(name)?.References ?? [];

    private string? ReasonOf(AttributeUse use, string assembly)
    {
        if (use.Type is not { } type)
            return "an attribute whose type cannot be found";
        var owner = type.Assembly ?? assembly;
        if (Frameworks.TryGetValue(owner, out var known))
            return !known.Contains(type.Name) ? $"[{type.Name}]" : ReasonOfUse(type.Name, use);
        if (!_judged.TryGetValue((owner, type.Name), out var reason))
            _judged[(owner, type.Name)] = reason = ReasonOfType(type.Name, owner);
        return reason;
    }

    private static string? ReasonOfUse(string type, AttributeUse use) =>
        use.Value.AsSpan().IndexOf(Until) >= 0 ? $"[{type}] with a date"
        // The attribute then names code that sorts tests into collections.
        : type == "Xunit.CollectionBehaviorAttribute" && use.TakesReference ? $"[{type}] with code of its own"
        : null;

    // Frameworks find an attribute by its base type or by an interface, so every base is looked at.
    private string? ReasonOfType(string type, string assembly)
    {
        var (name, owner) = (type, assembly);
        while (true)
        {
            if (IsOfRuntime(owner))
                return null;
            if (Frameworks.ContainsKey(owner))
                return $"[{type}], which derives from {name}";
            if (Open(owner) is not { } metadata || !metadata.Has(name))
                return $"[{type}], of which {name} of {owner} cannot be found";
            if (metadata.InterfacesOf(name).FirstOrDefault(other => !other.StartsWith("System.", StringComparison.Ordinal)) is { } other)
                return $"[{type}], which is a {other}";
            if (metadata.BaseOf(name) is not { } parent)
                return $"[{type}], whose base cannot be found";
            (name, owner) = (parent.Name, parent.Assembly ?? owner);
        }
    }

    // Assemblies of the runtime do not lie beside the tests.
    private bool IsOfRuntime(string assembly) =>
        (assembly is "netstandard" or "mscorlib" or "System" || assembly.StartsWith("System.", StringComparison.Ordinal))
        && Open(assembly) is null;

    private AssemblyMetadata? Open(string name)
    {
        if (_opened.TryGetValue(name, out var opened))
            return opened;
        var file = Path.Combine(_folder, name + ".dll");
        return _opened[name] = File.Exists(file) ? AssemblyMetadata.Open(file) : null;
    }
}
