namespace ConcurrentTesting.Discovery;

/// <summary>The types of a test assembly with all that they inherit, also from base classes in the assemblies beside it.</summary>
internal sealed class TypeHierarchy : IDisposable
{
    private readonly string _folder;
    private readonly Dictionary<string, AssemblyMetadata?> _siblings = [];
    private readonly Lazy<ILookup<string, string>> _types;

    public TypeHierarchy(string assembly)
    {
        _folder = Path.GetDirectoryName(assembly)!;
        Assembly = AssemblyMetadata.Open(assembly);
        _types = new(() => (Assembly?.TypeNames ?? []).ToLookup(WithoutArity));
    }

    /// <summary>The test assembly; null where the file is none.</summary>
    public AssemblyMetadata? Assembly { get; }

    public IEnumerable<AttributeFacts> AssemblyAttributes => Assembly?.AssemblyAttributes ?? [];

    /// <summary>All types of the test assembly by their full names.</summary>
    public IEnumerable<string> TypeNames => Assembly?.TypeNames ?? [];

    /// <summary>The attributes on a class and its base classes, the class's own first.</summary>
    public IEnumerable<AttributeFacts> AttributesOf(string type) => Chain(type).SelectMany(link => link.Assembly.AttributesOf(link.Type));

    /// <summary>The attributes on the methods of a class and its base classes.</summary>
    public IEnumerable<AttributeFacts> MethodAttributesOf(string type) =>
        Chain(type).SelectMany(link => link.Assembly.MethodAttributesOf(link.Type));

    /// <summary>The static fields of a class and its base classes that are written or changed after its start.</summary>
    public IEnumerable<string> MutableStaticsOf(string type) =>
        Chain(type).SelectMany(link => link.Assembly.MutableStaticsOf(link.Type));

    /// <summary>The interfaces that a class and its base classes name.</summary>
    public IEnumerable<string> InterfacesOf(string type) => Chain(type).SelectMany(link => link.Assembly.InterfacesOf(link.Type));

    /// <summary>The types of the test assembly and of all beside it that it refers to, with their assembly.</summary>
    public IEnumerable<(AssemblyMetadata Assembly, string Type)> Find(string type) =>
        (Assembly?.References ?? []).Select(Sibling).Prepend(Assembly).OfType<AssemblyMetadata>().Where(assembly => assembly.Has(type))
            .Select(assembly => (assembly, type));

    /// <summary>What the assemblies beside the test assembly say of themselves that it refers to.</summary>
    public IEnumerable<AttributeFacts> AttributesOfReferences =>
        (Assembly?.References ?? []).Select(Sibling).OfType<AssemblyMetadata>().SelectMany(assembly => assembly.AssemblyAttributes);

    /// <summary>Whether an assembly beside the test assembly has a type.</summary>
    public bool IsBeside(string assembly, string type) => Sibling(assembly)?.Has(type) == true;

    public void Dispose()
    {
        Assembly?.Dispose();
        foreach (var assembly in _siblings.Values)
            assembly?.Dispose();
    }

    private IEnumerable<(AssemblyMetadata Assembly, string Type)> Chain(string name)
    {
        var assembly = Assembly;
        var type = assembly is null || assembly.Has(name) ? name : _types.Value[name].FirstOrDefault() ?? name;
        while (assembly is not null && assembly.Has(type))
        {
            yield return (assembly, type);
            if (assembly.BaseOf(type) is not { } parent)
                yield break;
            assembly = parent.Assembly is null ? assembly : Sibling(parent.Assembly);
            type = parent.Name;
        }
    }

    // Frameworks name a generic class without the count of its parameters.
    public static string WithoutArity(string type) => string.Join('+', type.Split('+').Select(part => part.Split('`')[0]));

    private AssemblyMetadata? Sibling(string name)
    {
        if (_siblings.TryGetValue(name, out var known))
            return known;
        var file = Path.Combine(_folder, name + ".dll");
        return _siblings[name] = File.Exists(file) ? AssemblyMetadata.Open(file) : null;
    }
}
