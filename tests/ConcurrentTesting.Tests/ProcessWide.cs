using Xunit;

namespace ConcurrentTesting.Tests;

/// <summary>Tests that change the environment of this process, which others read and hand on to processes that they start: they run by themselves.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessWide
{
    public const string Name = "process-wide";
}
