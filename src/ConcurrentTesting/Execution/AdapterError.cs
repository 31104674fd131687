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

/// <summary>A row that failed and has no place among the results, because discovery found no such row.</summary>
/// <param name="Like">A test that was asked for, of the same method.</param>
internal sealed record ForeignRow(TestEntry Like, string Name, string? Message, string? StackTrace);
