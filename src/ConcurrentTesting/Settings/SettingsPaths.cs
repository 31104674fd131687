using ConcurrentTesting.Databases;

namespace ConcurrentTesting.Settings;

/// <summary>Paths that were written in C# or are defaults are relative to the root directory.</summary>
internal static class SettingsPaths
{
    public static ConcurrentTestSettings MakeAbsolute(ConcurrentTestSettings settings)
    {
        string Absolute(string path) => Path.GetFullPath(path, settings.RootDirectory);
        return settings with
        {
            TestProjects = [.. settings.TestProjects.Select(Absolute)],
            Template = [.. settings.Template.Select(entry => TemplateEntry.Split(entry).WithPath(Absolute))],
            RunSettingsFile = settings.RunSettingsFile is { } runSettings ? Absolute(runSettings) : null,
            TimingsFile = Absolute(settings.TimingsFile),
            ResultsDirectory = Absolute(settings.ResultsDirectory),
            JUnitFile = settings.JUnitFile is { } junit ? Absolute(junit) : null,
        };
    }
}
