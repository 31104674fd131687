using System.IO.Hashing;

namespace ConcurrentTesting.Catalog;

/// <summary>What a test assembly is made of: itself and the assemblies of other projects in its folder, by the ids that compilers give
/// them.</summary>
internal static class AssemblyContent
{
    /// <summary>Null where it cannot be told.</summary>
    public static string? Of(string assembly)
    {
        try
        {
            var lines = Directory.EnumerateFiles(Path.GetDirectoryName(assembly)!, "*.dll").Where(file => file == assembly || IsOwn(file))
                .Order(StringComparer.Ordinal).Select(Line);
            return XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Join('\n', lines))).ToString("x16", CultureInfo.InvariantCulture);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or BadImageFormatException)
        {
            return null;
        }
    }

    // Packages come without symbols.
    private static bool IsOwn(string file) => File.Exists(Path.ChangeExtension(file, ".pdb"));

    private static string Line(string file)
    {
        using var metadata = AssemblyMetadata.Open(file);
        return $"{Path.GetFileName(file)} {metadata?.Mvid}";
    }
}
