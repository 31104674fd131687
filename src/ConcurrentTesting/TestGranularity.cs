namespace ConcurrentTesting;

/// <summary>What goes to a worker as a whole.</summary>
public enum TestGranularity
{
    /// <summary>Classes where the run gives its workers databases and the tests use them; otherwise collections.</summary>
    Auto,

    /// <summary>What shares a set-up: xunit's collections, the namespaces of NUnit's set-up fixtures.</summary>
    Collection,

    /// <summary>Classes: what they share is set up for each batch.</summary>
    Class,
}
