using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Settings;

/// <summary>Paths that were written in C# or are defaults are relative to the root directory.</summary>
internal static class SettingsPaths
{
    /// <summary>A path or glob of projects; one after an exclamation mark is left out, and stays so.</summary>
    public static string Pattern(string pattern, Func<string, string> absolute) =>
        pattern.StartsWith('!') ? "!" + absolute(pattern[1..]) : absolute(pattern);

    public static ConcurrentTestSettings MakeAbsolute(ConcurrentTestSettings settings)
    {
        string Absolute(string path) => Path.GetFullPath(path, settings.RootDirectory);
        string? AbsoluteIfAny(string? path) => path is null ? null : Absolute(path);
        return settings with
        {
            TestProjects = [.. settings.TestProjects.Select(pattern => Pattern(pattern, Absolute))],
            Template = [.. settings.Template.Select(entry => TemplateEntry.Split(entry).WithPath(Absolute))],
            RunSettingsFile = AbsoluteIfAny(settings.RunSettingsFile),
            TimingsFile = Absolute(settings.TimingsFile),
            ResultsDirectory = Absolute(settings.ResultsDirectory),
            JUnitFile = AbsoluteIfAny(settings.JUnitFile),
            ServerBinaries = AbsoluteIfAny(settings.ServerBinaries),
            QuarantineFile = AbsoluteIfAny(settings.QuarantineFile),
            ReplayFile = AbsoluteIfAny(settings.ReplayFile),
            CompareFile = AbsoluteIfAny(settings.CompareFile),
            ReportFrom = [.. settings.ReportFrom.Select(Absolute)],
            PlanFile = AbsoluteIfAny(settings.PlanFile),
            MergeFolders = [.. settings.MergeFolders.Select(Absolute)],
        };
    }
}
