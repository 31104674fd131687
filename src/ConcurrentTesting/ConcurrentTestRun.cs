using Microsoft.Extensions.Logging;

namespace ConcurrentTesting;

/// <summary>A run of tests on several workers at once.</summary>
public static class ConcurrentTestRun
{
    /// <summary>Runs the tests.</summary>
    public static Task<ConcurrentTestResult> RunAsync(ConcurrentTestSettings settings, ILogger logger, CancellationToken cancellationToken) =>
        throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, "the engine is not here yet");
}
