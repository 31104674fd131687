using System.Collections.Immutable;
using ConcurrentTesting.Safety;

namespace ConcurrentTesting.Results;

/// <summary>What test hosts wrote themselves, TRX files and diagnostic logs: they know nothing of secrets, and repeat the settings that they were given.</summary>
internal static class HostFiles
{
    private static readonly string[] Extensions = [".trx", ".log"];

    /// <summary>Takes the secrets out of each file that has one.</summary>
    /// <param name="results">The results directory.</param>
    /// <returns>The files that could not be rewritten, with the reason.</returns>
    public static ImmutableArray<(string File, string Reason)> Redact(string results, Redactor redactor, CancellationToken cancellationToken)
    {
        if (!redactor.HasSecrets || !Directory.Exists(results))
            return [];
        var failures = ImmutableArray.CreateBuilder<(string, string)>();
        foreach (var file in Directory.EnumerateDirectories(results, "worker-*").SelectMany(Directory.EnumerateFiles).Where(file => Extensions.Contains(Path.GetExtension(file))))
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                if (File.ReadLines(file).Any(redactor.HasSecret))
                    Rewrite(file, redactor);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                failures.Add((file, exception.Message));
            }
        }

        return failures.ToImmutable();
    }

    private static void Rewrite(string file, Redactor redactor)
    {
        var rewritten = file + ".redacting";
        File.WriteAllLines(rewritten, File.ReadLines(file).Select(redactor.Redact));
        File.Move(rewritten, file, overwrite: true);
    }
}
