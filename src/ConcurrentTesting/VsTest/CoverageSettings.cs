using System.Reflection;
using System.Xml.Linq;

namespace ConcurrentTesting.VsTest;

/// <summary>The coverage collectors in run settings: coverlet's
/// (https://github.com/coverlet-coverage/coverlet/blob/master/Documentation/VSTestIntegration.md) and Microsoft's.</summary>
internal static class CoverageSettings
{
    public const string CoverletFile = "coverlet.collector.dll";

    private const string CoverletName = "XPlat code coverage";
    private const string CoverletUri = "datacollector://Microsoft/CoverletCodeCoverage/1.0";
    private const string CoverletInProcessType = "Coverlet.Collector.DataCollection.CoverletInProcDataCollector";
    private const string MicrosoftName = "Code Coverage";
    private const string MicrosoftUri = "datacollector://Microsoft/CodeCoverage/2.0";

    public static string? NameOf(XElement collector) => (string?)collector.Attribute("friendlyName");

    public static string? UriOf(XElement collector) => (string?)collector.Attribute("uri");

    public static bool IsCoverlet(XElement collector) => IsCoverlet(NameOf(collector), UriOf(collector));

    public static bool IsMicrosoft(XElement collector) => IsMicrosoft(NameOf(collector), UriOf(collector));

    public static bool IsCoverage(XElement collector) => IsCoverlet(collector) || IsMicrosoft(collector);

    public static bool IsCoverlet(string? name, string? uri) => Is(name, CoverletName) || Is(uri, CoverletUri);

    public static bool IsMicrosoft(string? name, string? uri) => Is(name, MicrosoftName) || Is(uri, MicrosoftUri);

    /// <summary>Whether a collector of coverage wrote an attachment.</summary>
    public static bool IsCoverage(Uri? collector) =>
        Is(collector?.OriginalString, CoverletUri) || Is(collector?.OriginalString, MicrosoftUri);

    /// <summary>The collectors that are switched on.</summary>
    public static IReadOnlyList<XElement> Enabled(XElement? root, string section, string list) =>
        [.. root?.Elements(section).Elements(list).Elements().Where(collector => !Is((string?)collector.Attribute("enabled"), "false"))
            ?? []];

    /// <summary>Makes the collectors of an assembly load, and write what can be merged.</summary>
    public static void Apply(XElement root, AssemblyCollectors collectors)
    {
        AddFolders(root, collectors);
        if (collectors.Added is { } added)
        {
            root.Section("DataCollectionRunSettings").Section("DataCollectors").Add(
                new XElement("DataCollector", new XAttribute("friendlyName", added)));
        }

        foreach (var collector in Enabled(root, "DataCollectionRunSettings", "DataCollectors"))
        {
            if (IsCoverlet(collector))
                ForMerging(collector, FormatOfCoverlet);
            else if (IsMicrosoft(collector))
                ForMerging(collector, _ => "Cobertura");
        }

        if (collectors.Coverlet is { } file)
            AddInProcess(root, file);
    }

    private static void AddFolders(XElement root, AssemblyCollectors collectors)
    {
        if (collectors.Folders.IsEmpty)
            return;
        var paths = root.Section("RunConfiguration").Section("TestAdaptersPaths");
        paths.Value = string.Join(';', collectors.Folders.Prepend(paths.Value).Where(path => path.Length > 0));
    }

    private static void ForMerging(XElement collector, Func<XElement, string> format)
    {
        var configuration = collector.Section("Configuration");
        configuration.SetElementValue("Format", format(configuration));
    }

    // Coverlet's Cobertura says only how many branches of a line were taken. Its OpenCover says which, so that several runs can be merged.
    private static string FormatOfCoverlet(XElement configuration) =>
        Is(configuration.Element("DeterministicReport")?.Value.Trim(), "true") ? "cobertura" : "opencover";

    // This half of coverlet saves the hits before the test host ends. vstest.console adds it by itself only for --collect.
    private static void AddInProcess(XElement root, string file)
    {
        var collectors = root.Section("InProcDataCollectionRunSettings").Section("InProcDataCollectors");
        if (collectors.Elements().Any(
            collector => ((string?)collector.Attribute("assemblyQualifiedName"))?.StartsWith(
                CoverletInProcessType, StringComparison.Ordinal) == true))
            return;
        collectors.Add(
            new XElement(
                "InProcDataCollector",
                new XAttribute("assemblyQualifiedName", $"{CoverletInProcessType}, {AssemblyName.GetAssemblyName(file).FullName}"),
                new XAttribute("friendlyName", CoverletName),
                new XAttribute("enabled", "True"),
                new XAttribute("codebase", file)));
    }

    private static bool Is(string? value, string expected) => expected.Equals(value, StringComparison.OrdinalIgnoreCase);
}
