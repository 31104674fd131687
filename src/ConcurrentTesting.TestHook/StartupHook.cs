using ConcurrentTesting.TestHook;

/// <summary>What the runtime looks for in an assembly named by <c>DOTNET_STARTUP_HOOKS</c>, and calls before <c>Main</c>.</summary>
/// <remarks>https://github.com/dotnet/runtime/blob/main/docs/design/features/host-startup-hook.md</remarks>
#pragma warning disable CA1050 // The runtime looks for it outside of any namespace.
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize()
    {
        try
        {
            HookSession.Begin();
        }
        catch (Exception)
        {
            // An exception would end the test process before its first test.
        }
    }
}
