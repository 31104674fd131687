using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>What one discovery on a session found.</summary>
/// <param name="IsAborted">The console or its test host died, or was stopped, before it was done.</param>
internal sealed record SessionDiscovery(ImmutableArray<TestCase> Cases, ImmutableArray<SessionMessage> Messages, bool IsAborted)
{
    public int Count => Cases.Length;

    /// <summary>Everything that was found in an assembly, whatever is asked for.</summary>
    public ImmutableArray<TestEntry> Entries(TestAssembly assembly) => CaseEntries.Of(assembly, Cases, MSTestRows.Lossy(assembly, Cases));

    /// <summary>Leaves out what xunit does not run: of cases that share an id it takes the first. Before version 3 its adapter tells all of
    /// them, and a list of all of them is an error to some.</summary>
    public SessionDiscovery WithoutTwins(TestFramework framework)
    {
        if (framework is not (TestFramework.XUnit2 or TestFramework.XUnit3))
            return this;
        var once = Cases.DistinctBy(test => test.Id).ToImmutableArray();
        if (once.Length == Cases.Length)
            return this;
        var twin = Cases.GroupBy(test => test.Id).First(same => same.Skip(1).Any()).First();
        return this with
        {
            Cases = once,
            Messages = Messages.Add(new SessionMessage(
                HostMessageLevel.Warning,
                $"xunit runs one test of those that share an id, and leaves out {Quantity.Of(Cases.Length - once.Length, "other")}: rows that it cannot tell apart, for example of {twin.FullyQualifiedName}.")),
        };
    }

    /// <summary>The entries whose cases have a text, name or property, that suits.</summary>
    public IEnumerable<Guid> WithText(Func<string, bool> suits) => PackedValues.Unpack(Cases)
        .Where(test => test.Properties.Any(property => test.GetPropertyValue(property) is string text && suits(text)))
        .Select(test => test.Id);

    /// <summary>The same of whole classes alone: all cases of those that suit, none with an explicit test or one that is to be left out.
    /// An entry may have more cases than the one whose id it has.</summary>
    public SessionDiscovery Only(TestFramework framework, Func<string, bool> suits, IReadOnlySet<Guid> without)
    {
        var classes = Cases.GroupBy(test => TestCaseNames.ClassOf(test, framework), StringComparer.Ordinal)
            .Where(cases => suits(cases.Key) && cases.All(test => !TestCaseNames.IsExplicit(test) && !without.Contains(test.Id)))
            .Select(cases => cases.Key).ToHashSet(StringComparer.Ordinal);
        return this with { Cases = [.. Cases.Where(test => classes.Contains(TestCaseNames.ClassOf(test, framework)))] };
    }

    /// <summary>What runs of it, and what a serial run reports as not executed.</summary>
    public (ImmutableArray<TestEntry> Run, ImmutableArray<TestEntry> NotExecuted) Select(
        TestAssembly assembly, TestFilter? filter, RunSettingsDocument settings)
    {
        var selected = filter is null ? Cases : [.. Cases.Where(test => filter.Selects(test, assembly.Framework))];
        var split = ExplicitTests.Split(selected, assembly.Framework, filter, settings.XUnitExplicit, settings.NUnitSelectLimit);
        var lossy = MSTestRows.Lossy(assembly, Cases);
        return (CaseEntries.Of(assembly, split.Run, lossy), CaseEntries.Of(assembly, split.NotExecuted, lossy));
    }
}

/// <summary>What VSTest or an adapter had to say.</summary>
internal sealed record SessionMessage(HostMessageLevel Level, string Text);
