using System.Collections.Immutable;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace ConcurrentTesting.Tests.House;

/// <summary>A type as an assembly's metadata names it; a nested type stands for the type around it.</summary>
internal sealed record NamedType(string Namespace, string Name);

/// <summary>Which types a compiled assembly's types use: in signatures, bases, attributes and method bodies.</summary>
internal sealed class TypeUses
{
    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (int)(ushort)code.Value);

    private readonly MetadataReader _metadata;
    private readonly PEReader _image;
    private readonly HashSet<NamedType> _used = [];
    private readonly Signatures _signatures;

    private TypeUses(PEReader image)
    {
        _image = image;
        _metadata = image.GetMetadataReader();
        _signatures = new Signatures(this);
    }

    /// <summary>Every pair of a type of the assembly and a type that it uses, its own included.</summary>
    public static ImmutableArray<(NamedType User, NamedType Used)> Of(string assemblyFile)
    {
        using var image = new PEReader(File.OpenRead(assemblyFile));
        var uses = new TypeUses(image);
        return
        [
            .. from handle in uses._metadata.TypeDefinitions
               let user = uses.Name(handle)
               from used in uses.UsedBy(uses._metadata.GetTypeDefinition(handle))
               select (user, used),
        ];
    }

    private NamedType[] UsedBy(TypeDefinition type)
    {
        _used.Clear();
        Add(type.BaseType);
        foreach (var handle in type.GetInterfaceImplementations())
            Add(_metadata.GetInterfaceImplementation(handle).Interface);
        AddConstraints(type.GetGenericParameters());
        AddAttributes(type.GetCustomAttributes());
        foreach (var handle in type.GetFields())
            AddField(_metadata.GetFieldDefinition(handle));
        foreach (var handle in type.GetProperties())
            AddAttributes(_metadata.GetPropertyDefinition(handle).GetCustomAttributes());
        foreach (var handle in type.GetMethods())
            AddMethod(_metadata.GetMethodDefinition(handle));
        return [.. _used];
    }

    private void AddField(FieldDefinition field)
    {
        field.DecodeSignature(_signatures, null);
        AddAttributes(field.GetCustomAttributes());
    }

    private void AddMethod(MethodDefinition method)
    {
        method.DecodeSignature(_signatures, null);
        AddConstraints(method.GetGenericParameters());
        AddAttributes(method.GetCustomAttributes());
        foreach (var handle in method.GetParameters())
            AddAttributes(_metadata.GetParameter(handle).GetCustomAttributes());
        if (method.RelativeVirtualAddress != 0)
            AddBody(_image.GetMethodBody(method.RelativeVirtualAddress));
    }

    private void AddBody(MethodBodyBlock body)
    {
        if (!body.LocalSignature.IsNil)
            _metadata.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(_signatures, null);
        foreach (var region in body.ExceptionRegions)
            Add(region.CatchType);
        var code = body.GetILReader();
        while (code.RemainingBytes > 0)
            AddInstruction(ref code);
    }

    private void AddInstruction(ref BlobReader code)
    {
        int value = code.ReadByte();
        if (value == 0xFE)
            value = value << 8 | code.ReadByte();
        switch (OpCodesByValue[value].OperandType)
        {
            case OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType:
                Add(MetadataTokens.EntityHandle(code.ReadInt32()));
                break;
            case OperandType.InlineSwitch:
                var targets = code.ReadInt32();
                code.Offset += 4 * targets;
                break;
            case var operand:
                code.Offset += SizeOf(operand);
                break;
        }
    }

    private static int SizeOf(OperandType operand) => operand switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        _ => 4,
    };

    private void AddConstraints(GenericParameterHandleCollection parameters)
    {
        foreach (var handle in parameters.SelectMany(parameter => _metadata.GetGenericParameter(parameter).GetConstraints()))
            Add(_metadata.GetGenericParameterConstraint(handle).Type);
    }

    private void AddAttributes(CustomAttributeHandleCollection attributes)
    {
        foreach (var handle in attributes)
            Add(_metadata.GetCustomAttribute(handle).Constructor);
    }

    private void Add(EntityHandle handle)
    {
        if (handle.IsNil)
            return;
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition or HandleKind.TypeReference:
                _used.Add(Name(handle));
                break;
            case HandleKind.TypeSpecification:
                _metadata.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(_signatures, null);
                break;
            default:
                AddMember(handle);
                break;
        }
    }

    private void AddMember(EntityHandle handle)
    {
        switch (handle.Kind)
        {
            case HandleKind.MethodDefinition:
                Add(_metadata.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.FieldDefinition:
                Add(_metadata.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType());
                break;
            case HandleKind.MemberReference:
                AddReference(_metadata.GetMemberReference((MemberReferenceHandle)handle));
                break;
            case HandleKind.MethodSpecification:
                var method = _metadata.GetMethodSpecification((MethodSpecificationHandle)handle);
                Add(method.Method);
                method.DecodeSignature(_signatures, null);
                break;
        }
    }

    private void AddReference(MemberReference member)
    {
        Add(member.Parent);
        if (member.GetKind() == MemberReferenceKind.Method)
            member.DecodeMethodSignature(_signatures, null);
        else
            member.DecodeFieldSignature(_signatures, null);
    }

    private NamedType Name(EntityHandle handle) =>
        handle.Kind == HandleKind.TypeDefinition ? NameOf(_metadata.GetTypeDefinition((TypeDefinitionHandle)handle)) : NameOf(_metadata.GetTypeReference((TypeReferenceHandle)handle));

    private NamedType NameOf(TypeDefinition type) =>
        type.GetDeclaringType() is { IsNil: false } outer ? Name(outer) : new NamedType(_metadata.GetString(type.Namespace), _metadata.GetString(type.Name));

    private NamedType NameOf(TypeReference type) =>
        type.ResolutionScope.Kind == HandleKind.TypeReference ? Name(type.ResolutionScope) : new NamedType(_metadata.GetString(type.Namespace), _metadata.GetString(type.Name));

    /// <summary>Adds each type that a signature names; what it makes of the signature is of no interest.</summary>
    private sealed class Signatures(TypeUses uses) : ISignatureTypeProvider<NamedType?, object?>
    {
        public NamedType? GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => Added(handle);

        public NamedType? GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => Added(handle);

        public NamedType? GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => Added(handle);

        public NamedType? GetArrayType(NamedType? elementType, ArrayShape shape) => null;

        public NamedType? GetByReferenceType(NamedType? elementType) => null;

        public NamedType? GetFunctionPointerType(MethodSignature<NamedType?> signature) => null;

        public NamedType? GetGenericInstantiation(NamedType? genericType, ImmutableArray<NamedType?> typeArguments) => null;

        public NamedType? GetGenericMethodParameter(object? genericContext, int index) => null;

        public NamedType? GetGenericTypeParameter(object? genericContext, int index) => null;

        public NamedType? GetModifiedType(NamedType? modifier, NamedType? unmodifiedType, bool isRequired) => null;

        public NamedType? GetPinnedType(NamedType? elementType) => null;

        public NamedType? GetPointerType(NamedType? elementType) => null;

        public NamedType? GetPrimitiveType(PrimitiveTypeCode typeCode) => null;

        public NamedType? GetSZArrayType(NamedType? elementType) => null;

        private NamedType? Added(EntityHandle handle)
        {
            uses.Add(handle);
            return null;
        }
    }
}
