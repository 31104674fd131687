namespace ConcurrentTesting.Discovery;

/// <summary>What a project says of itself where MSBuild cannot be asked.</summary>
internal static partial class TestProjectNames
{
    /// <summary>Whether its file's name or text has to do with tests.</summary>
    /// <param name="project">The project file; it need not be there.</param>
    public static bool SpeaksOfTests(string project) =>
        InName().IsMatch(Path.GetFileNameWithoutExtension(project)) || InText().IsMatch(TextOf(project));

    private static string TextOf(string project)
    {
        try
        {
            return File.Exists(project) ? File.ReadAllText(project) : "";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    [GeneratedRegex("test|spec", RegexOptions.IgnoreCase)]
    private static partial Regex InName();

    [GeneratedRegex("xunit|nunit|mstest|tunit|Microsoft\\.NET\\.Test\\.Sdk|IsTestProject|TestingPlatform", RegexOptions.IgnoreCase)]
    private static partial Regex InText();
}
