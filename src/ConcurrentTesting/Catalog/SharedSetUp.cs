namespace ConcurrentTesting.Catalog;

/// <summary>What several classes of an assembly share beyond the class. A worker is a process with databases of its own: a batch with some
/// of the classes sets it up for itself, which costs time, and nothing else where the databases are all that it sets up.</summary>
/// <param name="Name">As units and the console name it: <c>collection Database</c>, <c>namespace Shop.Tests</c>.</param>
/// <param name="Handle">What <c>--test-together</c> calls it.</param>
internal sealed record SharedSetUp(string Name, string Handle)
{
    /// <summary>There is code that sets it up; otherwise it only says what must not run at the same time.</summary>
    public bool HasFixture { get; init; } = true;

    /// <summary>A collection factory of the user's may give it fixtures that no metadata shows.</summary>
    public bool MayHaveFixture { get; init; }

    /// <summary>It keeps its classes together where workers have no databases of their own: its fixture may create the one that all
    /// use.</summary>
    public bool IsBond { get; init; } = true;

    /// <summary>Why it may guard something else than the database; null where its fixture is all that is known of it.</summary>
    public string? Guard { get; init; }
}

/// <summary>Something that keeps classes on one worker in their order.</summary>
/// <param name="Name">What stays together.</param>
/// <param name="Cause">What says so: an attribute, a mark of the user, a parameter.</param>
internal sealed record Tie(string Name, string Cause);
