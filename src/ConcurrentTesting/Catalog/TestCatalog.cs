namespace ConcurrentTesting.Catalog;

/// <summary>All test cases of one assembly that share one VSTest id. NUnit gives cases of the same name one id, so they can only be
/// selected, moved and accounted for together; everywhere else an entry holds one case (which may still give several results, one a data
/// row).</summary>
internal sealed record TestEntry
{
    private const int MostRowsTimed = 10;

    /// <summary>The trait that marks exclusive tests.</summary>
    public const string ExclusiveTrait = "ConcurrentTest";

    public required TestAssembly Assembly { get; init; }

    /// <summary>The id that its cases share in the test platform.</summary>
    public required Guid Id { get; init; }

    /// <summary>How many cases it holds.</summary>
    public int CaseCount { get; init; } = 1;

    /// <summary>What the test platform needs to run its cases.</summary>
    public required TestPayload Payload { get; init; }

    /// <summary>Namespace and class, nested classes joined by <c>+</c>.</summary>
    public required string ClassName { get; init; }

    /// <summary>The method's name, without arguments.</summary>
    public required string MethodName { get; init; }

    /// <summary>False where the adapter tells a row's name alone: <see cref="MethodName"/> is taken from it.</summary>
    public bool IsMethodKnown { get; init; } = true;

    /// <summary>Selecting it by name would run it although a plain run does not (NUnit's and xunit v3's explicit tests).</summary>
    public bool IsExplicit { get; init; }

    /// <summary>What its test and those that may need it, or that it may need, have in common: an order or a dependency that its framework
    /// knows. Null: no test is known to need another.</summary>
    public string? Need { get; init; }

    /// <summary>Each of its cases gives one result. Otherwise how many rows it has is only known when it has run to its end.</summary>
    public bool HasKnownRows { get; init; } = true;

    /// <summary>The names of its cases where they are one test of the platform, which tells their results together, or one for all of them;
    /// empty: each is a test of its own.</summary>
    public ImmutableArray<string> RowNames { get; init; } = [];

    public required string DisplayName { get; init; }

    /// <summary>The name that filters and adapters know it by.</summary>
    public required string FullyQualifiedName { get; init; }

    public string? SourceFile { get; init; }
    public int? Line { get; init; }

    /// <summary>How long it may run where this is a test's time. One of many rows that hangs is to be ended on the same day.</summary>
    public TimeSpan Within(TimeSpan limit) => RowNames.IsEmpty ? limit : limit * Math.Min(CaseCount, MostRowsTimed);

    /// <summary>The key of timings: <c>&lt;assembly&gt; (&lt;tfm&gt;)/&lt;namespace.class.method(row)&gt;</c>.</summary>
    public string Key => $"{Assembly.Key}/{TestNames.Full(ClassName, DisplayName)}";

    /// <summary>The groups whose members must not run beside each other: the values of the trait <c>ConcurrentTest</c>, <c>Exclusive</c>
    /// for beside nothing at all.</summary>
    public ImmutableArray<string> ExclusiveGroups =>
        [.. Marks.Where(value => !TogetherMark.Is(value)).Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>The values of the trait <c>ConcurrentTest</c>, among them those that keep classes together
    /// (<see cref="TogetherMark"/>).</summary>
    public ImmutableArray<string> Marks { get; init; } = [];

    /// <summary>The test's identity, compared by value.</summary>
    public TestKey Identity => new(Assembly.Name, Assembly.TargetFramework, Id, DisplayName, Assembly.Ordinal);

    /// <summary>An entry of another discovery, process or machine is the same where its <see cref="Identity"/> is.</summary>
    public bool Equals(TestEntry? other) =>
        ReferenceEquals(this, other) || (other is not null && Id == other.Id && Identity == other.Identity);

    public override int GetHashCode() => Id.GetHashCode();
}

/// <summary>Names a test in another process and on another machine too.</summary>
/// <param name="Assembly">The assembly's name, without path and extension.</param>
/// <param name="Framework">Its target framework moniker.</param>
/// <param name="CaseId">The id that the entry's cases share.</param>
/// <param name="Name">As the adapter shows it.</param>
/// <param name="Ordinal">Which of several assemblies of that name and framework; see <see cref="TestAssembly.Ordinal"/>.</param>
internal sealed record TestKey(string Assembly, string Framework, Guid CaseId, string Name, int Ordinal);

/// <summary>What a test platform keeps with an entry to run it; only the room of that platform opens it.</summary>
internal abstract record TestPayload;

/// <summary>What runs on one worker as a whole: a class, or several that have to stay together. Discovery makes one of each class; whether
/// more stay together is decided once it is known whether the run's workers have databases of their own.</summary>
internal sealed record TestUnit(string Name, TestAssembly Assembly, ImmutableArray<TestEntry> Entries)
{
    public string Key => $"{Assembly.Key}/{Name}";

    /// <summary>What its classes share with others beyond the class, outermost first.</summary>
    public ImmutableArray<SharedSetUp> SetUps { get; init; } = [];

    /// <summary>What keeps its tests on one worker, whatever the granularity; empty for a class that nothing holds.</summary>
    public ImmutableArray<Tie> Ties { get; init; } = [];

    /// <summary>Why the tests of its class have to run in one process, beside what set-ups and ties say; null: nothing is known that keeps
    /// them together.</summary>
    public string? OneProcess { get; init; }

    /// <summary>Its framework runs the tests of its class side by side where nothing tells it otherwise.</summary>
    public bool IsParallelInside { get; init; }

    /// <summary>Its tests may run in several processes, each in any of them.</summary>
    public bool IsDivisible =>
        Ties.IsEmpty && SetUps.All(setUp => !setUp.IsBond) && Entries.Length > 1 && (OneProcess is null || IsParallelInside)
        && Entries.All(entry => entry.ExclusiveGroups.IsEmpty);
}

/// <summary>Everything that was discovered and is to be accounted for.</summary>
/// <param name="Units">The units to run, explicit tests left out.</param>
/// <param name="Explicit">Explicit tests that nobody asked for by name.</param>
internal sealed record TestCatalog(
    ImmutableArray<TestAssembly> Assemblies, ImmutableArray<TestUnit> Units, ImmutableArray<TestEntry> Explicit)
{
    /// <summary>What <c>--test-together</c> may name, of all tests, also those that a filter leaves out.</summary>
    public ImmutableHashSet<string> Names { get; init; } = [];

    /// <summary>The cases of each assembly, those that a filter leaves out too.</summary>
    public ImmutableDictionary<TestAssembly, int> Discovered { get; init; } = ImmutableDictionary<TestAssembly, int>.Empty;

    public int CaseCount => Units.Sum(unit => unit.Entries.Sum(entry => entry.CaseCount));

    /// <summary>The catalog without the tests of these units.</summary>
    public TestCatalog Without(IEnumerable<TestUnit> units)
    {
        var entries = units.SelectMany(unit => unit.Entries).ToHashSet();
        return this with
        {
            Units = [.. Units.Select(unit => unit with { Entries = [.. unit.Entries.Where(entry => !entries.Contains(entry))] })
                .Where(unit => !unit.Entries.IsEmpty)],
        };
    }
}
