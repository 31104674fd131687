namespace ConcurrentTesting.Scheduling;

/// <summary>What NUnit's adapter costs each batch: it explores the whole assembly before it runs any part of it, in a host that is kept as
/// well.</summary>
/// <param name="discovered">The cases of each assembly, those that nobody asks for too.</param>
internal sealed class Exploration(ImmutableDictionary<TestAssembly, int> discovered)
{
    // 22,129 cases of another project took 9 s of one core, 20,000 generated ones half a second.
    private const double SecondsOfCase = 0.0002;

    // Below this many seconds nobody notices a further batch.
    private const double Least = 1;

    public static Exploration None { get; } = new(ImmutableDictionary<TestAssembly, int>.Empty);

    /// <summary>Seconds of one core for each batch of the assembly; 0 where it is nothing that a plan has to care for.</summary>
    public double Seconds(TestAssembly assembly) =>
        assembly.Framework == TestFramework.NUnit && discovered.GetValueOrDefault(assembly) * SecondsOfCase is >= Least and var seconds
            ? seconds
            : 0;
}
