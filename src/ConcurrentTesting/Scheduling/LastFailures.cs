using ConcurrentTesting.Reports.RunJson;

namespace ConcurrentTesting.Scheduling;

/// <summary>What did not pass in an earlier run, muted failures included, for <c>--test-only-failed</c>.</summary>
internal sealed class LastFailures
{
    private readonly ImmutableArray<TestDocument> _tests;
    private readonly ImmutableArray<OutsideDocument> _outside;

    private LastFailures(ImmutableArray<TestDocument> tests, ImmutableArray<OutsideDocument> outside)
    {
        _tests = tests;
        _outside = outside;
    }

    /// <summary>Whether nothing failed.</summary>
    public bool IsEmpty => _tests.IsEmpty && _outside.IsEmpty;

    /// <summary>Whether a run came to tests, so that another can go on from what it says of them.</summary>
    /// <param name="entries">Tests, and failures outside of tests.</param>
    public static bool KnowsTests(int exitCode, int entries) =>
        entries > 0 || exitCode is (int)ConcurrentTestExitCode.Success or (int)ConcurrentTestExitCode.TestsFailed;

    /// <summary>Whether the run of a run.json came to tests; false where the file cannot be read.</summary>
    public static bool KnowsTests(string runJson)
    {
        try
        {
            return KnowsTests(RunJsonFile.Read(runJson));
        }
        catch (ConcurrentTestException)
        {
            return false;
        }
    }

    /// <summary>Reads the results directory's run.json, or the one before that where the last run came to no test.</summary>
    /// <exception cref="ConcurrentTestException">
    /// There is no run.json, it is damaged, or its run came to no verdict on the tests and has no failures either.
    /// </exception>
    public static LastFailures Read(string resultsDirectory)
    {
        var runJson = Path.Combine(resultsDirectory, ArtifactNames.Run);
        var previous = Path.Combine(resultsDirectory, ArtifactNames.PreviousRun);
        if (File.Exists(previous) && !KnowsTests(runJson))
            runJson = previous;
        var run = RunJsonFile.Read(runJson);
        var failures = new LastFailures([.. WithSkipped(run.Tests)], run.Outside);
        return failures.IsEmpty && !KnowsTests(run.ExitCode, entries: 0)
            ? throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-only-failed: the last run, {runJson}, ended as {run.Outcome} before any test failed. Run all tests once without it.")
            : failures;
    }

    /// <summary>The catalog's units with the failing entries only.</summary>
    public TestCatalog Select(TestCatalog catalog)
    {
        var cases = catalog.Units.SelectMany(unit => unit.Entries).Select(Case).ToHashSet();
        var failed = _tests.Select(Case).Where(cases.Contains).ToHashSet();

        // A case whose id has changed may be any row of its method.
        var methods = _tests.Where(test => !cases.Contains(Case(test))).Select(Method).ToHashSet();
        var classes = _outside.SelectMany(failure => failure.Classes.Select(name => (failure.Assembly, failure.Framework, name)))
            .ToHashSet();

        // A failure of the discovery belongs to no class.
        var assemblies = _outside.Where(failure => failure.Classes.IsEmpty).Select(failure => (failure.Assembly, failure.Framework))
            .ToHashSet();
        var meant = catalog.Units.SelectMany(unit => unit.Entries).Where(
            entry => failed.Contains(Case(entry)) || methods.Contains(Method(entry)) || classes.Contains(Class(entry))
                || assemblies.Contains((entry.Assembly.Name, entry.Assembly.TargetFramework))).ToHashSet();
        var needs = meant.Where(entry => entry.Need is not null).Select(NeedOf).ToHashSet();
        ImmutableArray<TestUnit> units =
        [
            .. catalog.Units
                .Select(unit =>
                    unit with { Entries = [.. unit.Entries.Where(entry => meant.Contains(entry) || needs.Contains(NeedOf(entry)))] })
                .Where(unit => !unit.Entries.IsEmpty),
        ];

        // Where no failed test is left, explicit tests, which do not run anyway, must not make this a run.
        return units.IsEmpty ? catalog with { Units = [], Explicit = [] } : catalog with { Units = units };
    }

    /// <summary>The names of failing tests that are not among those that were discovered: renamed, removed or filtered out.</summary>
    public ImmutableArray<string> NotIn(TestCatalog catalog)
    {
        var methods = catalog.Units.SelectMany(unit => unit.Entries).Concat(catalog.Explicit).Select(Method).ToHashSet();
        return [.. _tests.Where(test => HasNotPassed(test) && !methods.Contains(Method(test)))
            .Select(test => TestNames.Full(test.Class, test.Name))];
    }

    private static bool KnowsTests(RunDocument run) => KnowsTests(run.ExitCode, run.Tests.Length + run.Outside.Length);

    // A test that fail-fast or a cancellation left out has not passed either.
    private static bool HasNotPassed(TestDocument test) =>
        test.Quarantine is not null
        || test.Outcome is not (nameof(TestOutcome.Passed) or nameof(TestOutcome.Skipped))
        || test.Attempts is [.., var last] && AttemptCauses.IsWithoutEnd(last.Cause);

    // A test may have skipped itself because of one of its class that failed.
    private static IEnumerable<TestDocument> WithSkipped(ImmutableArray<TestDocument> tests)
    {
        var classes = tests.Where(HasNotPassed).Select(test => (test.Assembly, test.Framework, test.Class)).ToHashSet();
        return tests.Where(test => HasNotPassed(test)
            || (test.Outcome == nameof(TestOutcome.Skipped) && classes.Contains((test.Assembly, test.Framework, test.Class))));
    }

    private static (TestAssembly, string?) NeedOf(TestEntry entry) => (entry.Assembly, entry.Need);

    private static (string, string, string) Class(TestEntry entry) =>
        (entry.Assembly.Name, entry.Assembly.TargetFramework, entry.ClassName);

    private static (string, string, Guid?) Case(TestDocument test) => (test.Assembly, test.Framework, test.CaseId);

    private static (string, string, Guid?) Case(TestEntry entry) => (entry.Assembly.Name, entry.Assembly.TargetFramework, entry.Id);

    private static (string, string, string, string?) Method(TestDocument test) => (test.Assembly, test.Framework, test.Class, test.Method);

    private static (string, string, string, string?) Method(TestEntry entry) =>
        (entry.Assembly.Name, entry.Assembly.TargetFramework, entry.ClassName, entry.MethodName);
}
