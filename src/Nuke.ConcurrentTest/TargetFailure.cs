using Serilog;

namespace Nuke.ConcurrentTest;

/// <summary>Keeps NUKE's "Target … has thrown an exception" away where the run says itself why it failed: NUKE would print the reason twice
/// more, as an error and among the errors that it repeats at the end. The target fails all the same.</summary>
internal static class TargetFailure
{
    public static void IsTold() => Log.Logger = new LoggerConfiguration()
        .MinimumLevel.Verbose()
        .Filter.ByExcluding(entry => entry.Exception is TestRunFailedException { InnerException: null })
        .WriteTo.Logger(Log.Logger, attemptDispose: true)
        .CreateLogger();
}
