namespace ConcurrentTesting.Tests;

/// <summary>The repository that these tests were built in, for what is written there.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Docs => Path.Combine(Root, "docs");

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Nuke.Plugin.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException($"{AppContext.BaseDirectory} is in no clone of the repository");
        return folder.FullName;
    }
}
