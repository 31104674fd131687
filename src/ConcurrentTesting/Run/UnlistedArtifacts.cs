using System.Xml;
using System.Xml.Linq;
using ConcurrentTesting.Reports.Trx;

namespace ConcurrentTesting.Run;

/// <summary>What runs left that kept no finished list, such as killed ones, as far as its content tells.</summary>
internal static class UnlistedArtifacts
{
    /// <summary>Names, relative to the results directory, with slashes.</summary>
    public static IReadOnlyList<string> Find(string directory)
    {
        var found = ArtifactNames.Files.Append(ArtifactNames.JUnit).Concat(OfWorkers(directory))
            .Where(name => OwnContent.Matches(name, Path.Combine(directory, name))).ToList();
        var attached = found.Where(name => name.EndsWith(".trx", StringComparison.Ordinal)).SelectMany(name => Attached(directory, name));
        return [.. found.Concat(attached).Distinct(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> OfWorkers(string directory) =>
        DirectoryContents.Folders(directory).Where(ArtifactNames.IsWorker)
            .SelectMany(
                worker => Directory.EnumerateFiles(Path.Combine(directory, worker)).Select(file => $"{worker}/{Path.GetFileName(file)}"));

    private static IEnumerable<string> Attached(string directory, string trx)
    {
        var files = Path.Combine(Path.GetDirectoryName(Path.Combine(directory, trx))!, "In");
        foreach (var part in Parts(Path.Combine(directory, trx)))
        {
            if (part.Attribute("runDeploymentRoot") is { Value.Length: > 0 } root)
                files = Path.Combine(Path.GetDirectoryName(Path.Combine(directory, trx))!, root.Value, "In");
            var folder = part.Attribute("relativeResultsDirectory")?.Value ?? "";
            foreach (var path in NamedBy(part))
            {
                if (DirectoryContents.NameOf(directory, Path.Combine(files, folder, path)) is { } name
                    && File.Exists(Path.Combine(directory, name)))
                    yield return name;
            }
        }
    }

    private static IEnumerable<string> NamedBy(XElement part) =>
        part.DescendantsAndSelf()
            .Select(element => element.Name.LocalName switch
            {
                "ResultFile" => element.Attribute("path")?.Value,
                "A" => element.Attribute("href")?.Value,
                _ => null,
            })
            .OfType<string>()
            .Where(path => !path.Contains('\0', StringComparison.Ordinal));

    private static List<XElement> Parts(string trx)
    {
        var parts = new List<XElement>();
        try
        {
            foreach (var part in TrxReader.Read(trx))
            {
                // The output is left out, because it may be large.
                var files = part.Descendants().Where(element => element.Name.LocalName is "ResultFile" or "A");
                parts.Add(new XElement(
                    part.Name, part.Attributes(), files.Select(element => new XElement(element.Name, element.Attributes()))));
            }
        }
        catch (XmlException)
        {
            // The parts before the damage are known.
        }

        return parts;
    }
}
