namespace ConcurrentTesting.Discovery;

/// <summary>The arguments that a repository gives to each call of MSBuild: those of the nearest <c>Directory.Build.rsp</c> above what is
/// built. A call for a file that lies elsewhere does not find them by itself.</summary>
internal static class ResponseFile
{
    private const string Name = "Directory.Build.rsp";

    /// <summary>The file, absolute; empty where there is none.</summary>
    /// <param name="built">A solution or a project.</param>
    public static string FindFor(string built) =>
        Folders.Up(Path.GetDirectoryName(built)).Select(folder => Path.Combine(folder, Name)).FirstOrDefault(File.Exists) ?? "";

    /// <summary>Lets calls for what lies in a folder find the file.</summary>
    public static void PassOn(string file, string folder)
    {
        if (file.Length > 0)
            File.WriteAllText(Path.Combine(folder, Name), $"\"@{file}\"\n");
    }
}
