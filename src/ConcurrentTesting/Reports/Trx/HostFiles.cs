using System.Xml;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>What test hosts wrote themselves, TRX files and diagnostic logs: they know nothing of secrets, and repeat the settings that
/// they were given.</summary>
internal static class HostFiles
{
    /// <summary>Takes the secrets out of each file that has one.</summary>
    /// <param name="results">The results directory.</param>
    /// <returns>The files that could not be rewritten, with the reason.</returns>
    public static async Task<ImmutableArray<(string File, string Reason)>> RedactAsync(
        string results, Redactor redactor, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(results))
            return [];
        var tries = Files(results).ToList().Select(
            file => Task.Run(() => (File: file, Reason: ReasonWhyNot(file, redactor)), cancellationToken));
        var all = await Task.WhenAll(tries);
        return [.. all.Where(one => one.Reason is not null).Select(one => (one.File, one.Reason!))];
    }

    private static string? ReasonWhyNot(string file, Redactor redactor)
    {
        try
        {
            Rewrite(file, redactor);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or XmlException)
        {
            return exception.Message;
        }
    }

    // Only files with our names are taken, because others may lie beside them.
    private static IEnumerable<string> Files(string results) =>
        DirectoryContents.Folders(results).Where(ArtifactNames.IsWorker).Select(worker => Path.Combine(results, worker))
            .SelectMany(worker => Directory.EnumerateFiles(worker, "batch-*.trx").Concat(Directory.EnumerateFiles(worker, "vstest-*.log")))
            .Concat(DirectoryContents.Folders(results).Where(folder => folder == ArtifactNames.Diagnostics)
                .SelectMany(folder => Directory.EnumerateFiles(Path.Combine(results, folder), "discovery-*.log")));

    private static void Rewrite(string file, Redactor redactor)
    {
        switch (Path.GetExtension(file))
        {
            case ".trx" when RedactedTrx.HasSecret(file, redactor):
                Replace(file, rewritten => RedactedTrx.Write(file, rewritten, redactor));
                break;
            case ".log" when File.ReadLines(file).Any(line => !ReferenceEquals(redactor.Redact(line), line)):
                Replace(file, rewritten => File.WriteAllLines(rewritten, File.ReadLines(file).Select(redactor.Redact)));
                break;
        }
    }

    private static void Replace(string file, Action<string> write)
    {
        var rewritten = file + ".redacting";
        write(rewritten);
        File.Move(rewritten, file, overwrite: true);
    }
}
