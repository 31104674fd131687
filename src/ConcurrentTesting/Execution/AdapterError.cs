namespace ConcurrentTesting.Execution;

internal enum AdapterErrorKind
{
    /// <summary>An error of which nothing more is known.</summary>
    Other,

    /// <summary>A clean-up that several tests share threw.</summary>
    CleanUp,

    /// <summary>A set-up that several tests share threw: each of its tests has failed with it.</summary>
    SetUp,
}

/// <summary>An error that an adapter or VSTest told of a run as a whole.</summary>
/// <param name="Subject">What failed, as people read it: <c>Class clean-up Shop.Tests.BasketTests</c>; empty where that is not
/// known.</param>
/// <param name="Fixture">The name of the class, collection or namespace that it belongs to, as the adapter gives it; null: none.</param>
internal sealed record AdapterError(AdapterErrorKind Kind, string Subject, string? Fixture, string Message, string? StackTrace)
{
    /// <summary>When it was told; null where that is not known.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>What failed and has no place among the results, because nobody asked for it: discovery found no such row, or its framework runs
/// it before a test that depends on it.</summary>
/// <param name="Why">What is said before its message.</param>
internal sealed record ForeignRow(string ClassName, string MethodName, string Name, string Why, string? Message, string? StackTrace);
