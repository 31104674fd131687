using System.IO.Hashing;

namespace ConcurrentTesting.Discovery;

/// <summary>What decides which tests an assembly has, beside the environment: the programs and settings in its folder.</summary>
internal static class FolderStamps
{
    // An output folder has hundreds of files. A folder with more than this is something else, or a link in it leads back up.
    private const int MostFiles = 10_000;
    private const int Deepest = 5;

    private static readonly string[] Extensions = [".dll", ".exe", ".pdb", ".json", ".config", ".runsettings", ".addins"];

    /// <summary>Each file with when it was written and how long it is; null where they cannot all be looked at.</summary>
    public static ImmutableSortedDictionary<string, string>? Of(string assembly)
    {
        var all = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            MaxRecursionDepth = Deepest,
            AttributesToSkip = 0,
            IgnoreInaccessible = false,
        };
        try
        {
            var files = Directory.EnumerateFiles(Path.GetDirectoryName(assembly)!, "*", all).Take(MostFiles).ToList();
            return files.Count == MostFiles
                ? null
                : files.Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase))
                    .ToImmutableSortedDictionary(file => file, FileStamp.Of, StringComparer.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public static string ContentOf(string file)
    {
        var hash = new XxHash128();
        using var stream = File.OpenRead(file);
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
