using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>What code is made of: the compiler's ids of an assembly and of all beside it. The references between them do not tell which of
/// these count: EF Core's migrations may be in an assembly that is found by its name alone.</summary>
internal static class AssemblyIdentities
{
    /// <returns>A name and an id each, in the order of the names.</returns>
    public static IReadOnlyList<string> Of(Module module)
    {
        var folder = Path.GetDirectoryName(module.Assembly.Location) is { Length: > 0 } its ? its : AppContext.BaseDirectory;
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(folder, "*.dll"))
            found[Path.GetFileName(path)] = IdOf(path);
        found[module.Name] = module.ModuleVersionId.ToString();
        return [.. found.Select(one => $"{one.Key} {one.Value}")];
    }

    /// <summary>Reads an assembly's id without loading it; empty for a file of another kind.</summary>
    private static string IdOf(string path)
    {
        try
        {
            using var file = new PEReader(File.OpenRead(path));
            if (!file.HasMetadata)
                return "";
            var metadata = file.GetMetadataReader();
            return metadata.GetGuid(metadata.GetModuleDefinition().Mvid).ToString();
        }
        catch (BadImageFormatException)
        {
            return "";
        }
    }
}
