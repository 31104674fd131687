using System.Xml;
using System.Xml.Linq;
using ConcurrentTesting.VsTest;
using static System.FormattableString;

namespace ConcurrentTesting.Run;

/// <summary>Makes one Cobertura file of what the collectors wrote for each batch, with ReportGenerator (https://reportgenerator.io), which
/// lies beside the engine, in a process of its own. The collectors' files go away: each tells of a part only.</summary>
internal static class CoverageMerge
{
    private const string Tool = "ReportGenerator.dll";
    private const string MergedName = "Cobertura.xml";

    // ReportGenerator says this of a file that it passes over, and still ends with a success.
    private const string ReadError = "Error during reading report";

    private static readonly XmlReaderSettings ReaderSettings = new() { DtdProcessing = DtdProcessing.Ignore };

    private static string ToolPath => Path.Combine(OwnFolder.Of("reportgenerator"), Tool);

    /// <summary>What was covered, and what of it could not be written; both null where no coverage was asked for.</summary>
    public static async Task<(CoverageRecord? Coverage, Incident? NotWritten)> WriteAsync(
        IReadOnlyCollection<BatchRecord> batches, ConcurrentTestSettings settings, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var asked = batches.Where(batch => batch.Coverage is not null).ToList();
        if (asked.Count == 0)
            return (null, null);
        var target = Path.Combine(settings.ResultsDirectory, ArtifactNames.Coverage);
        if (File.Exists(target))
            return (null, NotWritten(target, "a file is there that no run wrote; move it away", at));
        return await MergedAsync(target, settings, at, folder => Task.FromResult(Gather(asked, folder)), cancellationToken);
    }

    /// <summary>What the tests of several machines covered together, out of what each has merged for itself.</summary>
    /// <param name="files">Those that there are.</param>
    /// <param name="parts">How many machines were to leave one.</param>
    public static async Task<(CoverageRecord? Coverage, Incident? NotWritten)> OfPartsAsync(
        IReadOnlyList<string> files, int parts, ConcurrentTestSettings settings, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var target = Path.Combine(settings.ResultsDirectory, ArtifactNames.Coverage);
        if (files.Count == 0)
            return (null, NotWritten(target, "no part left any coverage", at));
        var (coverage, notWritten) = await MergedAsync(target, settings, at, CopyAllAsync, cancellationToken);
        return coverage is not null && files.Count < parts
            ? (coverage, NotWritten(target, Invariant($"only {files.Count} of {parts} parts left coverage"), at))
            : (coverage, notWritten);

        async Task<(int, List<BatchRecord>)> CopyAllAsync(string folder)
        {
            for (var index = 0; index < files.Count; index++)
                await CopyAsync(files[index], Path.Combine(folder, Invariant($"{index}.xml")), settings.RootDirectory, cancellationToken);
            return (files.Count, []);
        }
    }

    /// <param name="gather">Puts files into a folder, and tells how many, and which batches left none.</param>
    private static async Task<(CoverageRecord? Coverage, Incident? NotWritten)> MergedAsync(
        string target, ConcurrentTestSettings settings, DateTimeOffset at, Func<string, Task<(int Files, List<BatchRecord> Lost)>> gather,
        CancellationToken cancellationToken)
    {
        var folder = Path.Combine(settings.ResultsDirectory, $".coverage-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(folder);
            var (files, lost) = await gather(folder);
            if (files == 0)
                return (null, NotWritten(target, "no test host left any coverage; see run.log for what its collectors said", at));
            var merged = await MergeAsync(folder, cancellationToken);
            Relocate(merged, settings.RootDirectory);
            await ArtifactFile.WriteAsync(
                target, stream => merged.SaveAsync(stream, SaveOptions.None, cancellationToken), cancellationToken);
            return (Figures(merged.Root!, lost), null);
        }
        catch (Exception exception) when (exception is IOException
            or UnauthorizedAccessException or XmlException or ConcurrentTestException)
        {
            return (null, NotWritten(target, exception.Message, at));
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    // Each machine has the same sources elsewhere: below one root they are the same file.
    private static async Task CopyAsync(string file, string target, string root, CancellationToken cancellationToken)
    {
        using var content = File.OpenRead(file);
        using var reader = XmlReader.Create(content, ReaderSettings);
        var part = XDocument.Load(reader);
        part.Root!.Element("sources")?.ReplaceNodes(new XElement("source", root));
        await using var written = File.Create(target);
        await part.SaveAsync(written, SaveOptions.None, cancellationToken);
    }

    // One folder with short names keeps the command line short.
    private static (int Files, List<BatchRecord> Lost) Gather(IEnumerable<BatchRecord> batches, string folder)
    {
        var (files, lost) = (0, new List<BatchRecord>());
        foreach (var batch in batches)
        {
            var before = files;
            foreach (var file in batch.Coverage!.Value.Where(IsWhole))
                File.Copy(file, Path.Combine(folder, Invariant($"{files++}.xml")));
            foreach (var file in batch.Coverage.Value.Where(File.Exists))
                Remove(file);
            if (batch.Error is not null || files == before)
                lost.Add(batch);
        }

        return (files, lost);
    }

    // ReportGenerator passes over a file that it cannot read, so damaged files are found here.
    private static bool IsWhole(string file)
    {
        try
        {
            using var content = File.OpenRead(file);
            using var reader = XmlReader.Create(content, ReaderSettings);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (Exception exception) when (exception is XmlException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // The folder that the collector made for the file goes with it, and so does VSTest's copy beside the TRX file.
    private static void Remove(string file)
    {
        File.Delete(file);
        var own = Path.GetDirectoryName(file)!;
        if (!Directory.EnumerateFileSystemEntries(own).Any())
            Directory.Delete(own);
        var results = Path.GetDirectoryName(own)!;
        foreach (var copy in CopiesOf(file, results))
        {
            File.Delete(copy);
            for (var empty = Path.GetDirectoryName(copy)!; empty != results
                && !Directory.EnumerateFileSystemEntries(empty).Any(); empty = Path.GetDirectoryName(empty)!)
                Directory.Delete(empty);
        }
    }

    // Two batches that ended in the same second share a folder for their copies: file.xml and file[1].xml.
    private static List<string> CopiesOf(string file, string results)
    {
        var (stem, extension) = (Path.GetFileNameWithoutExtension(file), Path.GetExtension(file));
        return [.. Directory.EnumerateFiles(results, $"{stem}*{extension}", SearchOption.AllDirectories).Where(IsOfTrx)
            .Where(copy => Path.GetFileNameWithoutExtension(copy) is var name
                && (name == stem || name.StartsWith($"{stem}[", StringComparison.Ordinal)))];
    }

    // VSTest copies to <deployment>/In/<machine>/<file>.
    private static bool IsOfTrx(string file) => Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(file))) == "In";

    private static async Task<XDocument> MergeAsync(string folder, CancellationToken cancellationToken)
    {
        string[] arguments = ["exec", ToolPath, "-reports:*.xml", "-targetdir:merged", "-reporttypes:Cobertura", "-verbosity:Warning"];
        var result = await DotNetCommand.RunAsync(VsTestLocation.FindDotNet(), arguments, folder, null, cancellationToken);
        var merged = Path.Combine(folder, "merged", MergedName);
        if (result.ExitCode != 0 || !File.Exists(merged) || result.Output.Contains(ReadError, StringComparison.Ordinal))
            throw new IOException($"ReportGenerator ended with {result.ExitCode}: {result.Output.Trim().Split('\n')[^1]}");
        using var file = File.OpenRead(merged);
        using var reader = XmlReader.Create(file, ReaderSettings);
        return XDocument.Load(reader);
    }

    // Readers on CI servers look for files below the repository's root.
    private static void Relocate(XDocument merged, string root)
    {
        merged.Root!.Element("sources")?.ReplaceNodes(new XElement("source", root));
        foreach (var name in merged.Descendants("class").Select(type => type.Attribute("filename")).OfType<XAttribute>())
        {
            if (Path.IsPathRooted(name.Value) && Path.GetRelativePath(root, name.Value) is var relative
                && !relative.StartsWith("..", StringComparison.Ordinal))
                name.Value = relative.Replace(Path.DirectorySeparatorChar, '/');
        }
    }

    private static CoverageRecord Figures(XElement root, List<BatchRecord> lost) =>
        new(Number(root, "lines-covered"), Number(root, "lines-valid"), Number(root, "branches-covered"), Number(root, "branches-valid"))
        {
            LostBatches = lost.Count,
            LostResults = lost.Sum(batch => batch.Tests),
        };

    private static int Number(XElement element, string name) => (int?)element.Attribute(name) ?? 0;

    private static Incident NotWritten(string path, string cause, DateTimeOffset at) =>
        new(at, IncidentKinds.ArtifactNotWritten, $"{path} was not written: {cause.TrimEnd('.')}.");
}
