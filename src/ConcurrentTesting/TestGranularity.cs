namespace ConcurrentTesting;

/// <summary>What goes to a worker as a whole.</summary>
public enum TestGranularity
{
    /// <summary>Classes where the run gives its workers databases and the tests use them, and parts of a class that would make the run
    /// longer; otherwise collections.</summary>
    Auto,

    /// <summary>What shares a set-up: xunit's collections, the namespaces of NUnit's set-up fixtures.</summary>
    Collection,

    /// <summary>Classes: what they share is set up for each batch.</summary>
    Class,

    /// <summary>As <see cref="Class"/>, and parts of a class that would make the run longer, whether or not workers have databases. A class
    /// with an order of its tests, a set-up of its own or static fields that change stays whole.</summary>
    Test,
}
