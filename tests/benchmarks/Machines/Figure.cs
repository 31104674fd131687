namespace ConcurrentTesting.Benchmarks.Machines;

/// <summary>What was measured, and what it is held to.</summary>
internal sealed record Figure(string Measured, string HeldTo, bool IsGood);
