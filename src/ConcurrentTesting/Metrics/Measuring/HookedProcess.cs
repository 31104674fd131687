using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.Metrics.Measuring;

/// <summary>A test process that the hook was loaded in.</summary>
/// <param name="IsAlive">False from the moment the kernel closed its connection, which is when it died.</param>
/// <param name="EndedByItself">It said that it ends. A test host that VSTest ends hard does not; xunit v3's test process does unless it crashed.</param>
internal sealed record HookedProcess(int Id, HookedProcessRole Role, bool IsAlive, bool EndedByItself);
