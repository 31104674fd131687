namespace ConcurrentTesting.Record;

/// <summary>What kinds of failures there are outside of tests, as run.json names them.</summary>
internal static class OutsideKinds
{
    /// <summary>A clean-up that several tests share threw: a fixture's disposal, a one-time tear-down.</summary>
    public const string CleanUp = "cleanup";

    /// <summary>A test process ended itself: an exception on a background thread, an exit, a crash.</summary>
    public const string ProcessEnd = "process-end";

    /// <summary>An adapter or VSTest told an error that belongs to no test.</summary>
    public const string Error = "error";
}

/// <summary>A failure that belongs to no test's result and makes the run red all the same, as in <c>dotnet test</c>.</summary>
internal sealed partial record OutsideFailure
{
    /// <summary>One of <see cref="OutsideKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>What failed, as people read it: <c>Class clean-up Shop.Tests.BasketTests</c>.</summary>
    public required string Name { get; init; }

    public required TestAssembly Assembly { get; init; }

    /// <summary>The workers on which it happened, in ascending order.</summary>
    public required ImmutableArray<int> Workers { get; init; }

    public required DateTimeOffset At { get; init; }
    public required string Message { get; init; }
    public string? StackTrace { get; init; }

    /// <summary>The classes whose tests ran where it happened; <c>--test-only-failed</c> runs them again.</summary>
    public ImmutableArray<string> Classes { get; init; } = [];

    /// <summary>Failing tests may be rerun, and all that it left open passed elsewhere: it counts as flaky, not as failed.</summary>
    public bool IsFlaky { get; init; }

    public string? Database { get; init; }

    /// <summary>Joins failures that are the same on several workers.</summary>
    public static IEnumerable<OutsideFailure> Together(IEnumerable<OutsideFailure> failures) =>
        failures.GroupBy(failure => (failure.Kind, failure.Name, failure.Assembly.Source, failure.Saying)).Select(same => same.First() with
        {
            Workers = [.. same.SelectMany(failure => failure.Workers).Distinct().Order()],
            Classes = [.. same.SelectMany(failure => failure.Classes).Distinct().Order(StringComparer.Ordinal)],
            IsFlaky = same.All(failure => failure.IsFlaky),
        });

    /// <summary>It as a test of its own, for reports that know tests only. It is in no class but its only one.</summary>
    public TestRecord ToTestRecord() => new()
    {
        Id = $"{Assembly.Source}/{Name}",
        Assembly = Assembly,
        CaseId = StableGuid.Of("outside", Kind, Assembly.Source, Name, Message),
        ClassName = Classes is [var only] ? only : Assembly.Name,
        MethodName = Name,
        Name = Name,
        IsOutside = true,
        Attempts =
        [
            new TestAttempt
            {
                Outcome = TestOutcome.Failed,
                Worker = Workers is [var first, ..] ? first : -1,
                Batch = 0,
                Number = 1,
                Database = Database,
                StartedAt = At,
                Message = Workers.Length > 1 ? $"{Message}\n(on the workers {string.Join(", ", Workers)})" : Message,
                StackTrace = StackTrace,
            },
            .. IsFlaky ? [PassedElsewhere] : ImmutableArray<TestAttempt>.Empty,
        ],
    };

    // The message is the same on every worker without the worker's database and, for a clean-up, without ports and folders; a clean-up's
    // name tells it apart.
    private string Saying
    {
        get
        {
            var text = Database is { Length: > 0 } database ? Message.Replace(database, "", StringComparison.Ordinal) : Message;
            return Kind == OutsideKinds.CleanUp ? Numbers().Replace(text, "0") : text;
        }
    }

    [GeneratedRegex(@"\d+")]
    private static partial Regex Numbers();

    private TestAttempt PassedElsewhere => new() { Outcome = TestOutcome.Passed, Worker = -1, Batch = 0, Number = 2, StartedAt = At };
}
