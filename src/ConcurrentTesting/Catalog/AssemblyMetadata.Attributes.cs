using System.Reflection.Metadata;

namespace ConcurrentTesting.Catalog;

/// <summary>An attribute somewhere in an assembly: on a type, a member, a parameter or the assembly itself.</summary>
/// <param name="On">The type on which, or on a part of which, it is; null: none, or it cannot be told.</param>
/// <param name="Type">The attribute's own type; null where it cannot be told where that is.</param>
/// <param name="TakesReference">The first parameter of its constructor is a text or a type, not a number.</param>
/// <param name="Value">Its arguments, as they are in the file.</param>
internal sealed record AttributeUse(string? On, BaseType? Type, bool TakesReference, byte[] Value);

/// <content>All attributes, wherever they are.</content>
internal sealed partial class AssemblyMetadata
{
    /// <summary>Every attribute in the assembly.</summary>
    public IEnumerable<AttributeUse> AttributeUses()
    {
        var types = new Dictionary<EntityHandle, string>();
        foreach (var (name, handle) in _types.Value)
        {
            foreach (var part in PartsOf(handle))
                types[part] = name;
        }

        foreach (var attribute in _reader.CustomAttributes.Select(_reader.GetCustomAttribute))
        {
            yield return new AttributeUse(
                types.GetValueOrDefault(attribute.Parent), LocateOwner(attribute.Constructor), TakesReference(attribute.Constructor),
                _reader.GetBlobBytes(attribute.Value));
        }
    }

    private IEnumerable<EntityHandle> PartsOf(TypeDefinitionHandle handle)
    {
        var type = _reader.GetTypeDefinition(handle);
        return type.GetMethods().SelectMany(PartsOf)
            .Concat(type.GetFields().Select(part => (EntityHandle)part))
            .Concat(type.GetProperties().Select(part => (EntityHandle)part))
            .Concat(type.GetEvents().Select(part => (EntityHandle)part))
            .Concat(type.GetGenericParameters().Select(part => (EntityHandle)part))
            .Concat(type.GetInterfaceImplementations().Select(part => (EntityHandle)part))
            .Append(handle);
    }

    private IEnumerable<EntityHandle> PartsOf(MethodDefinitionHandle handle)
    {
        var method = _reader.GetMethodDefinition(handle);
        return method.GetParameters().Select(part => (EntityHandle)part)
            .Concat(method.GetGenericParameters().Select(part => (EntityHandle)part))
            .Append(handle);
    }

    private BaseType? LocateOwner(EntityHandle constructor) => constructor.Kind switch
    {
        HandleKind.MethodDefinition => new BaseType(
            FullName(_reader.GetMethodDefinition((MethodDefinitionHandle)constructor).GetDeclaringType()), null),
        HandleKind.MemberReference => Locate(_reader.GetMemberReference((MemberReferenceHandle)constructor).Parent),
        _ => null,
    };

    private bool TakesReference(EntityHandle constructor)
    {
        if (constructor.Kind != HandleKind.MemberReference)
            return true;
        var signature = _reader.GetBlobReader(_reader.GetMemberReference((MemberReferenceHandle)constructor).Signature);
        signature.ReadSignatureHeader();
        if (signature.ReadCompressedInteger() == 0)
            return false;
        signature.ReadSignatureTypeCode();
        return signature.ReadByte() != ValueType;
    }
}
