namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>The system's processes.</summary>
internal static class ProcessList
{
    /// <summary>Those whose command line mentions a text.</summary>
    public static string[] Mentioning(string text) =>
    [
        .. Directory.EnumerateDirectories("/proc")
            .Where(process => int.TryParse(Path.GetFileName(process), out _) && CommandLine(process).Contains(text, StringComparison.Ordinal)),
    ];

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return "";
        }
    }
}
