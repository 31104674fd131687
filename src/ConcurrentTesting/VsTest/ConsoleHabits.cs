using System.Xml.Linq;

namespace ConcurrentTesting.VsTest;

/// <summary>What a vstest.console does to a request before a test host sees it.</summary>
internal static class ConsoleHabits
{
    private static readonly EnumerationOptions AnyCase = new() { MatchCasing = MatchCasing.CaseInsensitive };

    /// <summary>Sets in run settings what the console sets unless they say otherwise.</summary>
    public static void Apply(XElement root)
    {
        var configuration = root.Section("RunConfiguration");
        foreach (var name in (string[])["DesignMode", "CollectSourceInformation"])
        {
            if (configuration.Element(name) is null)
                configuration.SetElementValue(name, "True");
        }
    }

    /// <summary>The variables that run settings want test hosts to have.</summary>
    public static ImmutableDictionary<string, string> EnvironmentIn(string settings) =>
        XDocument.Parse(settings, LoadOptions.PreserveWhitespace).Root!.Elements("RunConfiguration").Elements("EnvironmentVariables")
            .Elements()
            .DistinctBy(variable => variable.Name.LocalName).ToImmutableDictionary(
                variable => variable.Name.LocalName, variable => variable.Value);

    /// <summary>The adapters in the folder of an assembly.</summary>
    public static IReadOnlyList<string> AdaptersBeside(string source) =>
        [.. Directory.EnumerateFiles(Path.GetDirectoryName(source)!, "*TestAdapter.dll", AnyCase)];
}
