using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Tests.Console;

/// <summary>Entries and results of a small shop's test suite.</summary>
internal static class SampleRun
{
    public static readonly TestAssembly Assembly = new("/repo/tests/Shop.Tests/bin/Debug/net10.0/Shop.Tests.dll", "net10.0", TestFramework.XUnit3, null);
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static TestEntry Entry(string name, string className = "Shop.Tests.OrderTests", int cases = 1, TestAssembly? assembly = null)
    {
        assembly ??= Assembly;
        var method = name.Split('(')[0];
        return new TestEntry
        {
            Assembly = assembly,
            Id = Guid.NewGuid(),
            CaseCount = cases,
            Payload = new NoPayload(),
            DisplayName = $"{className}.{name}",
            FullyQualifiedName = $"{className}.{method}",
            ClassName = className,
            MethodName = method,
        };
    }

    public static ImmutableArray<TestEntry> Entries(int count) => [.. Enumerable.Range(1, count).Select(i => Entry($"Places_order_{i}"))];

    public static TestStarted Started(int worker, TestEntry entry) =>
        new(worker, new TestRef(entry.Assembly, entry.Id), entry.ClassName, TestNames.Short(entry.ClassName, entry.DisplayName)) { At = Start };

    public static void TestStarted(this IRunObserver observer, int worker, TestEntry entry) => observer.TestStarted(Started(worker, entry));

    public static UnitPlanned Unit(TestUnit unit, Func<TestEntry, double> seconds) => new()
    {
        At = Start,
        Name = unit.Name,
        Assembly = unit.Assembly,
        Tie = unit.Ties is [var tie, ..] ? tie.Cause : null,
        Tests = [.. unit.Entries.Select(entry => Planned(entry, seconds(entry)))],
    };

    public static TestCatalog Catalog(params IEnumerable<TestEntry> entries) =>
        new([Assembly], [.. entries.GroupBy(entry => entry.ClassName).Select(unit => new TestUnit(unit.Key, Assembly, [.. unit]))], []);

    private static PlannedTest Planned(TestEntry entry, double seconds) => new()
    {
        Case = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = TestNames.Short(entry.ClassName, entry.DisplayName),
        Cases = entry.CaseCount,
        HasKnownRows = entry.HasKnownRows,
        Seconds = seconds,
        IsExclusive = !entry.ExclusiveGroups.IsEmpty,
    };

    public static TestAttempt Attempt(TestOutcome outcome = TestOutcome.Passed, int worker = 0, double seconds = 0.5, int number = 1) => new()
    {
        Outcome = outcome,
        Worker = worker,
        Batch = 1,
        Number = number,
        StartedAt = Start,
        Duration = TimeSpan.FromSeconds(seconds),
    };

    public static TestRecord Result(TestEntry entry, params ImmutableArray<TestAttempt> attempts) => new()
    {
        Id = entry.Key,
        Assembly = entry.Assembly,
        CaseId = entry.Id,
        ClassName = entry.ClassName,
        MethodName = entry.MethodName,
        Name = TestNames.Short(entry.ClassName, entry.DisplayName),
        Attempts = attempts.IsEmpty ? [Attempt()] : attempts,
    };

    public static TestRecord Failure(TestEntry entry, int worker = 0, string message = "Expected 1, was 2.", string? stack = null) =>
        Result(entry, Attempt(TestOutcome.Failed, worker, 1.234) with { Message = message, StackTrace = stack });

    public static RunRecord Run(ConcurrentTestSettings settings, params ImmutableArray<TestRecord> tests) => new()
    {
        RunId = "r1",
        Settings = settings,
        Seed = 1,
        StartedAt = Start,
        FinishedAt = Start.AddSeconds(10),
        ExitCode = ConcurrentTestExitCode.Success,
        Reason = "All tests passed.",
        Discovered = tests.Length,
        Tests = tests,
        Batches = [],
        Workers = [],
        Incidents = [],
    };
}
