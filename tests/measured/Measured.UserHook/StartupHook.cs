/// <summary>Notes, in the file that the environment names, that it was loaded, and whether ConcurrentTest's hook was there before it.</summary>
#pragma warning disable CA1050 // The runtime wants it outside any namespace.
internal static class StartupHook
#pragma warning restore CA1050
{
    public static void Initialize()
    {
        if (Environment.GetEnvironmentVariable("USER_HOOK_FILE") is not { Length: > 0 } file)
            return;
        var isFirst = !AppDomain.CurrentDomain.GetAssemblies().Any(assembly => assembly.GetName().Name == "ConcurrentTesting.TestHook");
        File.AppendAllText(file, isFirst ? "first\n" : "second\n");
    }
}
