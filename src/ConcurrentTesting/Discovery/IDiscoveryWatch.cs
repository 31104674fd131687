namespace ConcurrentTesting.Discovery;

/// <summary>Hears how far discovery is, on any thread.</summary>
internal interface IDiscoveryWatch
{
    /// <summary>What is about to be discovered; those that matter most go first.</summary>
    ImmutableArray<TestAssembly> Found(ImmutableArray<TestAssembly> assemblies);

    /// <summary>Classes of an assembly that is still to be discovered, and will be: nothing that decides on their tests has changed since
    /// they were discovered last.</summary>
    /// <param name="part">What the whole catalog will have of them, if nothing is wrong.</param>
    void Expected(TestAssembly assembly, TestCatalog part);

    /// <summary>All tests of an assembly are known.</summary>
    /// <param name="part">What the whole catalog will have of it.</param>
    void Discovered(TestAssembly assembly, TestCatalog part);
}
