using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.Catalog;

/// <summary>
/// All test cases of one assembly that share one VSTest id. NUnit gives cases of the same name one id, so they can only be selected, moved
/// and accounted for together; everywhere else an entry holds one case (which may still give several results, one a data row).
/// </summary>
internal sealed record TestEntry
{
    /// <summary>The trait that marks exclusive tests.</summary>
    public const string ExclusiveTrait = "ConcurrentTest";

    public required TestAssembly Assembly { get; init; }
    public required ImmutableArray<TestCase> Cases { get; init; }

    /// <summary>Namespace and class, nested classes joined by <c>+</c>.</summary>
    public required string ClassName { get; init; }

    /// <summary>The method's name, without arguments.</summary>
    public required string MethodName { get; init; }

    /// <summary>Selecting it by name would run it although a plain run does not (NUnit's and xunit v3's explicit tests).</summary>
    public bool IsExplicit { get; init; }

    /// <summary>Each of its cases gives one result. Otherwise how many rows it has is only known when it has run to its end.</summary>
    public bool HasKnownRows { get; init; } = true;

    public Guid Id => Cases[0].Id;
    public string DisplayName => Cases[0].DisplayName;
    public string? SourceFile => Cases[0].CodeFilePath;
    public int? Line => Cases[0].LineNumber > 0 ? Cases[0].LineNumber : null;

    /// <summary>The key of timings and run.json: <c>&lt;assembly&gt; (&lt;tfm&gt;)/&lt;namespace.class.method(row)&gt;</c>.</summary>
    public string Key => $"{Assembly.Source}/{TestNames.Full(ClassName, DisplayName)}";

    /// <summary>
    /// The groups whose members must not run beside each other: the values of the trait <c>ConcurrentTest</c>, <c>Exclusive</c> for beside nothing at all.
    /// </summary>
    public ImmutableArray<string> ExclusiveGroups =>
        [.. Marks.Where(value => !TogetherMark.Is(value)).Distinct(StringComparer.OrdinalIgnoreCase)];

    /// <summary>The values of the trait <c>ConcurrentTest</c>, among them those that keep classes together (<see cref="TogetherMark"/>).</summary>
    public IEnumerable<string> Marks =>
        Cases[0].Traits.Where(trait => trait.Name.Equals(ExclusiveTrait, StringComparison.OrdinalIgnoreCase)).Select(trait => trait.Value);

    /// <summary>An entry is one thing of one catalog, not a value.</summary>
    public bool Equals(TestEntry? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(this);
}

/// <summary>
/// What runs on one worker as a whole: a class, or several that have to stay together. Discovery makes one of each class; whether more stay together
/// is decided once it is known whether the run's workers have databases of their own.
/// </summary>
internal sealed record TestUnit(string Name, TestAssembly Assembly, ImmutableArray<TestEntry> Entries)
{
    public string Key => $"{Assembly.Source}/{Name}";

    /// <summary>What its classes share with others beyond the class, outermost first.</summary>
    public ImmutableArray<SharedSetUp> SetUps { get; init; } = [];

    /// <summary>What keeps its tests on one worker, whatever the granularity; empty for a class that nothing holds.</summary>
    public ImmutableArray<Tie> Ties { get; init; } = [];
}

/// <summary>Everything that was discovered and is to be accounted for.</summary>
/// <param name="Units">The units to run, explicit tests left out.</param>
/// <param name="Explicit">Explicit tests that nobody asked for by name.</param>
internal sealed record TestCatalog(ImmutableArray<TestAssembly> Assemblies, ImmutableArray<TestUnit> Units, ImmutableArray<TestEntry> Explicit)
{
    /// <summary>What <c>--test-together</c> may name, of all tests, also those that a filter leaves out.</summary>
    public ImmutableHashSet<string> Names { get; init; } = [];

    public int CaseCount => Units.Sum(unit => unit.Entries.Sum(entry => entry.Cases.Length));
}
