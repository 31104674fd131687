using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.VsTest;

/// <summary>The tests of an assembly that run, and those that a serial run reports as not executed.</summary>
internal sealed record ExplicitSplit(ImmutableArray<TestCase> Run, ImmutableArray<TestCase> NotExecuted);

/// <summary>Which explicit tests run. What <c>dotnet test</c> was seen to do decides, in each framework.</summary>
/// <remarks>NUnit: without a filter, and with one by category, explicit tests are reported as not executed; with a filter by name they are
/// not reported at all; but where a filter leaves nothing else in the assembly, they run. That is because the adapter hands its engine a
/// list of tests, without the explicit ones unless there are no others; a list of more than <c>&lt;NUnit&gt;&lt;AssemblySelectLimit&gt;</c>
/// it does not hand on, so that they are reported again and none runs. xunit v3: they are reported as not executed, whatever the filter,
/// unless the run settings say <c>&lt;xUnit&gt;&lt;Explicit&gt;on</c> (they run as well) or <c>only</c> (nothing else runs). Selecting them
/// as a list of test cases would run them in both.</remarks>
internal static class ExplicitTests
{
    /// <summary>NUnit's adapter hands on a list of at most so many tests.</summary>
    public const int DefaultSelectLimit = 2000;

    /// <param name="xunitExplicit">The run settings' <c>&lt;xUnit&gt;&lt;Explicit&gt;</c>; null: off.</param>
    public static ExplicitSplit Split(
        ImmutableArray<TestCase> selected, TestFramework framework, TestFilter? filter, string? xunitExplicit,
        int nunitSelectLimit = DefaultSelectLimit) => framework switch
        {
            TestFramework.NUnit => SplitNUnit(selected, filter, nunitSelectLimit),
            TestFramework.XUnit3 => xunitExplicit?.ToUpperInvariant() switch
            {
                "ON" => new ExplicitSplit(selected, []),
                "ONLY" => Separate(selected, test => !TestCaseNames.IsExplicit(test)),
                _ => Separate(selected, TestCaseNames.IsExplicit),
            },

            // Tests of NUnit may be beside those of the framework that was found first.
            _ => Separate(selected, TestCaseNames.IsExplicit),
        };

    private static ExplicitSplit SplitNUnit(ImmutableArray<TestCase> selected, TestFilter? filter, int selectLimit)
    {
        var split = Separate(selected, TestCaseNames.IsExplicit);
        if (filter is null || filter.IsNUnitCategoryFilter && !split.Run.IsEmpty)
            return split;
        var listed = split.Run.IsEmpty ? split.NotExecuted.Length : split.Run.Length;
        if (listed > selectLimit)
            return split;
        return split.Run.IsEmpty ? new ExplicitSplit(selected, []) : split with { NotExecuted = [] };
    }

    private static ExplicitSplit Separate(ImmutableArray<TestCase> tests, Func<TestCase, bool> isNotExecuted)
    {
        var groups = tests.ToLookup(isNotExecuted);
        return new ExplicitSplit([.. groups[false]], [.. groups[true]]);
    }
}
