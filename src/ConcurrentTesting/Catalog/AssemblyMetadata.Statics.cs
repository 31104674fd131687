using System.Reflection;
using System.Reflection.Metadata;

namespace ConcurrentTesting.Catalog;

/// <content>The static fields in which one test may leave something for another.</content>
internal sealed partial class AssemblyMetadata
{
    // A field of one of these types that nobody may write cannot change in itself either.
    private static readonly HashSet<string> Unchanging = new(StringComparer.Ordinal)
    {
        "String", "Boolean", "Char", "Byte", "SByte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64", "Single", "Double", "IntPtr",
        "UIntPtr", "System.Uri", "System.Version", "System.Type", "System.Text.RegularExpressions.Regex", "System.Text.Encoding",
        "System.Globalization.CultureInfo", "System.StringComparer",
    };

    // Marks a value type in a signature: a field of it that is never written again cannot change.
    private const string Struct = "struct ";
    private const byte ValueType = 0x11;

    // Nobody can change these through the field that holds them; the rows of theories are of such types.
    private static readonly string[] UnchangingGenerics =
    [
        "System.Collections.Immutable.", "System.Collections.Frozen.", "System.Collections.Generic.IEnumerable`",
        "System.Collections.Generic.IReadOnly", "System.Func`", "System.Nullable`", "Xunit.TheoryData`",
    ];

    /// <summary>The static fields of a type of this assembly, its base types' not included, that may be written or changed after its
    /// start.</summary>
    public IEnumerable<string> MutableStaticsOf(string type) => _types.Value.TryGetValue(type, out var handle)
        ? _reader.GetTypeDefinition(handle).GetFields().Select(_reader.GetFieldDefinition).Where(IsMutableStatic).Select(
            field => _reader.GetString(field.Name))
        : [];

    private bool IsMutableStatic(FieldDefinition field) =>
        field.Attributes.HasFlag(FieldAttributes.Static)
        && !field.Attributes.HasFlag(FieldAttributes.Literal)
        && !(field.Attributes.HasFlag(FieldAttributes.InitOnly) && IsUnchanging(field.DecodeSignature(FieldTypeName.Instance, null)));

    private static bool IsUnchanging(string type) =>
        type.StartsWith(Struct, StringComparison.Ordinal)
        || Unchanging.Contains(type.EndsWith("[]", StringComparison.Ordinal) ? type[..^2] : type)
        || Array.Exists(UnchangingGenerics, generic => type.StartsWith(generic, StringComparison.Ordinal));

    private sealed class FieldTypeName : ISignatureTypeProvider<string, object?>
    {
        public static FieldTypeName Instance { get; } = new();

        public string GetPrimitiveType(PrimitiveTypeCode typeCode) => typeCode.ToString();

        public string GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind)
        {
            var definition = reader.GetTypeDefinition(handle);
            return Marked(rawTypeKind, Join(reader.GetString(definition.Namespace), reader.GetString(definition.Name)));
        }

        public string GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind)
        {
            var reference = reader.GetTypeReference(handle);
            return Marked(rawTypeKind, Join(reader.GetString(reference.Namespace), reader.GetString(reference.Name)));
        }

        public string GetTypeFromSpecification(
            MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) =>
            reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);

        // The name of a generic type decides, whatever its type arguments are.
        public string GetGenericInstantiation(string genericType, ImmutableArray<string> typeArguments) =>
            genericType.StartsWith(Struct, StringComparison.Ordinal) ? genericType[Struct.Length..] : genericType;

        public string GetSZArrayType(string elementType) => elementType + "[]";

        public string GetArrayType(string elementType, ArrayShape shape) => elementType + "[]";

        public string GetModifiedType(string modifier, string unmodifiedType, bool isRequired) => unmodifiedType;

        public string GetByReferenceType(string elementType) => elementType + "&";

        public string GetPointerType(string elementType) => elementType + "*";

        public string GetPinnedType(string elementType) => elementType;

        public string GetFunctionPointerType(MethodSignature<string> signature) => "";

        public string GetGenericMethodParameter(object? genericContext, int index) => "";

        public string GetGenericTypeParameter(object? genericContext, int index) => "";

        private static string Marked(byte kind, string name) => kind == ValueType ? Struct + name : name;
    }
}
