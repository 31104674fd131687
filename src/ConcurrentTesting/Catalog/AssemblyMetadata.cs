using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ConcurrentTesting.Catalog;

/// <summary>A custom attribute as it is written: type and arguments, types in arguments by their full name.</summary>
/// <param name="TypeArgument">The first type argument of a generic attribute; null otherwise.</param>
internal sealed record AttributeFacts(string Type, string? TypeArgument, ImmutableArray<object?> Arguments)
{
    /// <summary>What is given by name, <c>DisableParallelization = true</c>.</summary>
    public ImmutableDictionary<string, object?> Named { get; init; } = ImmutableDictionary<string, object?>.Empty;

    /// <summary>The name as code writes it: <c>TestCaseOrderer</c>.</summary>
    public string ShortName
    {
        get
        {
            var name = Type[(Type.LastIndexOfAny(['.', '+']) + 1)..].Split('`')[0];
            return name.EndsWith(nameof(Attribute), StringComparison.Ordinal) ? name[..^nameof(Attribute).Length] : name;
        }
    }
}

/// <summary>Where the base type of a type is: in the same assembly (<paramref name="Assembly"/> null) or in a referenced one.</summary>
internal sealed record BaseType(string Name, string? Assembly);

/// <summary>The metadata of an assembly, read without loading it: the code under test must not run here, and may be for another
/// runtime.</summary>
internal sealed partial class AssemblyMetadata : IDisposable
{
    private readonly PEReader _file;
    private readonly MetadataReader _reader;
    private readonly Lazy<Dictionary<string, TypeDefinitionHandle>> _types;

    private AssemblyMetadata(PEReader file, string path)
    {
        _file = file;
        Path = path;
        _reader = file.GetMetadataReader();
        _types = new Lazy<Dictionary<string, TypeDefinitionHandle>>(() => _reader.TypeDefinitions.ToDictionary(FullName));
    }

    public string Path { get; }

    /// <summary>What its compiler calls this version of it.</summary>
    public Guid Mvid => _reader.GetGuid(_reader.GetModuleDefinition().Mvid);

    public IEnumerable<string> References =>
        _reader.AssemblyReferences.Select(handle => _reader.GetString(_reader.GetAssemblyReference(handle).Name));

    public IEnumerable<AttributeFacts> AssemblyAttributes => Read(_reader.GetAssemblyDefinition().GetCustomAttributes());

    /// <summary>All types by full name, nested ones joined by <c>+</c>.</summary>
    public IEnumerable<string> TypeNames => _types.Value.Keys;

    /// <summary>Opens an assembly; null where the file is no .NET assembly.</summary>
    public static AssemblyMetadata? Open(string path)
    {
        var file = new PEReader(File.OpenRead(path), PEStreamOptions.PrefetchEntireImage);
        try
        {
            if (file.HasMetadata && file.GetMetadataReader().IsAssembly)
                return new AssemblyMetadata(file, path);
        }
        catch (BadImageFormatException)
        {
            // The file is no .NET assembly; null tells the caller.
        }

        file.Dispose();
        return null;
    }

    public bool Has(string type) => _types.Value.ContainsKey(type);

    /// <summary>Whether it names a type of another assembly.</summary>
    public bool RefersTo(string type) =>
        _reader.TypeReferences.Any(handle => FullName(_reader.GetTypeReference(handle)) == type);

    /// <summary>The attributes on a type of this assembly, its base types' not included.</summary>
    public IEnumerable<AttributeFacts> AttributesOf(string type) =>
        _types.Value.TryGetValue(type, out var handle) ? Read(_reader.GetTypeDefinition(handle).GetCustomAttributes()) : [];

    /// <summary>The attributes on the methods of a type of this assembly, its base types' not included.</summary>
    public IEnumerable<AttributeFacts> MethodAttributesOf(string type) => _types.Value.TryGetValue(type, out var handle)
        ? _reader.GetTypeDefinition(handle).GetMethods().SelectMany(
            method => Read(_reader.GetMethodDefinition(method).GetCustomAttributes()))
        : [];

    /// <summary>The interfaces that a type of this assembly names, generic ones without their arguments:
    /// <c>Xunit.ICollectionFixture`1</c>.</summary>
    public IEnumerable<string> InterfacesOf(string type) => _types.Value.TryGetValue(type, out var handle)
        ? _reader.GetTypeDefinition(handle).GetInterfaceImplementations()
            .Select(implementation => Locate(_reader.GetInterfaceImplementation(implementation).Interface)?.Name)
            .OfType<string>()
        : [];

    /// <summary>The base type of a type of this assembly; null for interfaces and <see cref="object"/>.</summary>
    public BaseType? BaseOf(string type)
    {
        if (!_types.Value.TryGetValue(type, out var handle))
            return null;
        var baseHandle = _reader.GetTypeDefinition(handle).BaseType;
        return baseHandle.IsNil ? null : Locate(baseHandle);
    }

    public string NamespaceOf(string type)
    {
        var definition = _reader.GetTypeDefinition(_types.Value[type]);
        while (!definition.GetDeclaringType().IsNil)
            definition = _reader.GetTypeDefinition(definition.GetDeclaringType());
        return _reader.GetString(definition.Namespace);
    }

    public void Dispose() => _file.Dispose();

    private BaseType? Locate(EntityHandle handle) => handle.Kind switch
    {
        HandleKind.TypeDefinition => new BaseType(FullName((TypeDefinitionHandle)handle), null),
        HandleKind.TypeReference => Locate(_reader.GetTypeReference((TypeReferenceHandle)handle)),
        HandleKind.TypeSpecification => LocateGeneric(_reader.GetTypeSpecification((TypeSpecificationHandle)handle)),
        _ => null,
    };

    private BaseType? Locate(TypeReference reference) =>
        reference.ResolutionScope.Kind switch
        {
            HandleKind.AssemblyReference => new BaseType(
                FullName(reference),
                _reader.GetString(_reader.GetAssemblyReference((AssemblyReferenceHandle)reference.ResolutionScope).Name)),
            HandleKind.TypeReference when Locate(_reader.GetTypeReference((TypeReferenceHandle)reference.ResolutionScope)) is { } outer =>
                new BaseType(FullName(reference), outer.Assembly),
            _ => null,
        };

    // Of an instantiated base such as Base<int>, the generic type counts.
    private BaseType? LocateGeneric(TypeSpecification specification)
    {
        var signature = _reader.GetBlobReader(specification.Signature);
        if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            return null;
        signature.ReadCompressedInteger();
        return Locate(signature.ReadTypeHandle());
    }

    private IEnumerable<AttributeFacts> Read(CustomAttributeHandleCollection handles) => handles.Select(Read).OfType<AttributeFacts>();

    private AttributeFacts? Read(CustomAttributeHandle handle)
    {
        var attribute = _reader.GetCustomAttribute(handle);
        var (type, argument) = TypeOf(attribute.Constructor);
        if (type is null)
            return null;
        try
        {
            var value = attribute.DecodeValue(TypeNameProvider.Instance);
            return new AttributeFacts(type, argument, [.. value.FixedArguments.Select(fixedArgument => fixedArgument.Value)])
            {
                Named = value.NamedArguments.Where(named => named.Name is not null).DistinctBy(named => named.Name)
                    .ToImmutableDictionary(named => named.Name!, named => named.Value, StringComparer.Ordinal),
            };
        }
        catch (BadImageFormatException)
        {
            // The size of another assembly's enum is not known here, so the attribute is known by its type alone.
            return new AttributeFacts(type, argument, []);
        }
    }

    private (string? Type, string? Argument) TypeOf(EntityHandle constructor) => constructor.Kind switch
    {
        HandleKind.MethodDefinition =>
            (FullName(_reader.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType()), null),
        HandleKind.MemberReference => TypeOfParent(_reader.GetMemberReference((MemberReferenceHandle)constructor).Parent),
        _ => (null, null),
    };

    private (string? Type, string? Argument) TypeOfParent(EntityHandle parent)
    {
        if (parent.Kind != HandleKind.TypeSpecification)
            return (Locate(parent)?.Name ?? LocalName(parent), null);
        var specification = _reader.GetTypeSpecification((TypeSpecificationHandle)parent);
        var signature = _reader.GetBlobReader(specification.Signature);
        if (signature.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            return (null, null);
        signature.ReadCompressedInteger();
        var type = Locate(signature.ReadTypeHandle())?.Name;
        var count = signature.ReadCompressedInteger();
        return (type, count > 0 ? FirstArgument(ref signature) : null);
    }

    private string? FirstArgument(ref BlobReader signature) =>
        signature.ReadSignatureTypeCode() == SignatureTypeCode.TypeHandle ? Locate(signature.ReadTypeHandle())?.Name : null;

    private string? LocalName(EntityHandle handle) =>
        handle.Kind == HandleKind.TypeReference ? FullName(_reader.GetTypeReference((TypeReferenceHandle)handle)) : null;

    private string FullName(TypeDefinitionHandle handle)
    {
        var definition = _reader.GetTypeDefinition(handle);
        var name = _reader.GetString(definition.Name);
        return definition.GetDeclaringType() is { IsNil: false } outer
            ? $"{FullName(outer)}+{name}"
            : Join(_reader.GetString(definition.Namespace), name);
    }

    private string FullName(TypeReference reference)
    {
        var name = _reader.GetString(reference.Name);
        return reference.ResolutionScope.Kind == HandleKind.TypeReference
            ? $"{FullName(_reader.GetTypeReference((TypeReferenceHandle)reference.ResolutionScope))}+{name}"
            : Join(_reader.GetString(reference.Namespace), name);
    }

    private static string Join(string space, string name) => space.Length == 0 ? name : $"{space}.{name}";

    private sealed class TypeNameProvider : ICustomAttributeTypeProvider<string>
    {
        public static TypeNameProvider Instance { get; } = new();

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetSystemType() => "System.Type";

        public bool IsSystemType(string type) => type == "System.Type";

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            var definition = reader.GetTypeDefinition(handle);
            var name = reader.GetString(definition.Name);
            return definition.GetDeclaringType() is { IsNil: false } outer
                ? $"{GetTypeFromDefinition(reader, outer, rawTypeKind)}+{name}"
                : Join(reader.GetString(definition.Namespace), name);
        }

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
        {
            var reference = reader.GetTypeReference(handle);
            return Join(reader.GetString(reference.Namespace), reader.GetString(reference.Name));
        }

        // A name such as "Shop.Tests.DatabaseCollection, Shop.Tests, Version=…" says all that is needed before its first comma.
        public string GetTypeFromSerializedName(string name) => name.Split(',')[0].Trim();

        // Every enum that is asked for here is an int.
        public PrimitiveTypeCode GetUnderlyingEnumType(string type) => PrimitiveTypeCode.Int32;
    }
}
