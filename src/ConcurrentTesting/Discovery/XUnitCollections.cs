namespace ConcurrentTesting.Discovery;

/// <summary>
/// The xunit collections of an assembly, which VSTest does not tell: classes of one collection share its fixtures, so they stay together.
/// </summary>
internal sealed class XUnitCollections : IDisposable
{
    private const string WholeAssembly = "assembly";

    private readonly string _folder;
    private readonly Dictionary<string, AssemblyMetadata?> _assemblies = [];
    private readonly AssemblyMetadata? _assembly;
    private readonly bool _isOneCollection;

    public XUnitCollections(string assembly)
    {
        _folder = Path.GetDirectoryName(assembly)!;
        _assembly = AssemblyMetadata.Open(assembly);
        _isOneCollection = _assembly is not null && IsOneCollection(_assembly);
    }

    /// <summary>The unit of a class: its collection, or the class itself.</summary>
    public string UnitOf(string className) =>
        CollectionOf(className) is { } collection ? $"collection {collection}" : _isOneCollection ? WholeAssembly : className;

    public void Dispose()
    {
        _assembly?.Dispose();
        foreach (var assembly in _assemblies.Values)
            assembly?.Dispose();
    }

    // A factory of the user's own groups as it likes: only the whole assembly is sure to hold its groups together.
    private static bool IsOneCollection(AssemblyMetadata assembly)
    {
        var behavior = assembly.AssemblyAttributes.FirstOrDefault(attribute => attribute.Type == "Xunit.CollectionBehaviorAttribute");
        return behavior?.Arguments switch
        {
            [int collectionBehavior] => collectionBehavior == 0,
            [string factory, ..] => !factory.EndsWith("CollectionPerClassTestCollectionFactory", StringComparison.Ordinal),
            _ => false,
        };
    }

    // The attribute is inherited, also from a base class in another assembly.
    private string? CollectionOf(string className)
    {
        var assembly = _assembly;
        var type = className;
        while (assembly is not null && assembly.Has(type))
        {
            if (assembly.AttributesOf(type).Select(NameIn).OfType<string>().FirstOrDefault() is { } collection)
                return collection;
            if (assembly.BaseOf(type) is not { } parent)
                return null;
            assembly = parent.Assembly is null ? assembly : Sibling(parent.Assembly);
            type = parent.Name;
        }

        return null;
    }

    private static string? NameIn(AttributeFacts attribute) => attribute.Type switch
    {
        "Xunit.CollectionAttribute" => attribute.Arguments is [string name, ..] ? name : null,
        "Xunit.CollectionAttribute`1" => attribute.TypeArgument,
        _ => null,
    };

    private AssemblyMetadata? Sibling(string name)
    {
        if (_assemblies.TryGetValue(name, out var known))
            return known;
        var file = Path.Combine(_folder, name + ".dll");
        return _assemblies[name] = File.Exists(file) ? AssemblyMetadata.Open(file) : null;
    }
}
