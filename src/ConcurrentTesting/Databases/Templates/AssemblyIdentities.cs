using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>What code is made of: the compiler's ids of an assembly and of those beside it that it refers to, directly or not.</summary>
internal static class AssemblyIdentities
{
    /// <returns>A name and an id each, in the order of the names.</returns>
    public static IReadOnlyList<string> Of(Module module)
    {
        var folder = Path.GetDirectoryName(module.Assembly.Location) is { Length: > 0 } its ? its : AppContext.BaseDirectory;
        var found = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [module.Name] = module.ModuleVersionId.ToString(),
        };
        var open = new Queue<string>(module.Assembly.GetReferencedAssemblies().Select(reference => reference.Name ?? ""));
        while (open.TryDequeue(out var name))
        {
            var path = Path.Combine(folder, name + ".dll");
            if (found.ContainsKey(name + ".dll") || !File.Exists(path))
                continue;
            var (id, references) = Read(path);
            found[name + ".dll"] = id;
            references.ForEach(open.Enqueue);
        }

        return [.. found.Select(one => $"{one.Key} {one.Value}")];
    }

    /// <summary>Without loading it.</summary>
    private static (string Id, List<string> References) Read(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        if (!file.HasMetadata)
            return ("", []);
        var metadata = file.GetMetadataReader();
        return (
            metadata.GetGuid(metadata.GetModuleDefinition().Mvid).ToString(),
            [.. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name))]);
    }
}
