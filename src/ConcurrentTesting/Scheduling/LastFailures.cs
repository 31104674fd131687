using System.Collections.Immutable;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Results;

namespace ConcurrentTesting.Scheduling;

/// <summary>What did not pass in an earlier run, for <c>--test-only-failed</c>.</summary>
internal sealed class LastFailures
{
    private readonly ImmutableHashSet<string> _keys;

    private LastFailures(ImmutableHashSet<string> keys) => _keys = keys;

    /// <exception cref="ConcurrentTestException">There is no run.json, or it is damaged.</exception>
    public static LastFailures Read(string runJson) => new(
        [.. RunJson.Read(runJson).Tests
            .Where(test => test.Outcome is not (nameof(TestOutcome.Passed) or nameof(TestOutcome.Skipped)))
            .Select(test => Key(test.Id))]);

    /// <summary>The catalog's units with the failing entries only; rows of one method stay together.</summary>
    public TestCatalog Select(TestCatalog catalog) => catalog with
    {
        Units = [.. catalog.Units.Select(unit => unit with { Entries = [.. unit.Entries.Where(entry => _keys.Contains(Key(entry.Key)))] }).Where(unit => !unit.Entries.IsEmpty)],
    };

    // Rows that cannot be told apart at discovery have names of their own in the results.
    private static string Key(string id) => id.Split('(') is [var assembly, var framework, ..] ? $"{assembly}({framework}" : id;
}
