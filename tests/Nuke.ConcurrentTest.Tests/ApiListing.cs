using System.Reflection;

namespace Nuke.ConcurrentTest.Tests;

/// <summary>The public surface of types, a line a member, in the format of assets/nuke-10.1.0-api.txt.</summary>
internal static class ApiListing
{
    private const BindingFlags Declared =
        BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>Kind, name, base and interfaces, by which types are compared; without the assembly, which differs.</summary>
    public static string Header(Type type)
    {
        var header = $"{Kind(type)} {FullName(type)}";
        if (type.IsEnum || IsDelegate(type))
            return header;

        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType))
            header += $" : {Name(parent)}";
        var interfaces = type.GetInterfaces().Select(Name).Order(StringComparer.Ordinal).ToList();
        return interfaces.Count > 0 ? $"{header} ({string.Join(", ", interfaces)})" : header;
    }

    public static IEnumerable<string> Members(Type type)
    {
        if (type.IsEnum)
            return [string.Join(", ", Enum.GetNames(type))];

        if (IsDelegate(type))
        {
            var invoke = type.GetMethod("Invoke")!;
            return [$"{Name(invoke.ReturnType)} ({string.Join(", ", invoke.GetParameters().Select(parameter => Name(parameter.ParameterType)))})"];
        }

        return type.GetConstructors(Declared & ~BindingFlags.Static).Where(IsVisible).Select(constructor => $"ctor({Parameters(constructor)})")
            .Concat(type.GetProperties(Declared).Where(property => IsVisible(property.GetMethod)).Select(Property))
            .Concat(type.GetFields(Declared).Where(field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly).Select(Field))
            .Concat(type.GetMethods(Declared).Where(IsVisible).Where(IsNoAccessor).Select(Method));
    }

    public static string FullName(Type type) => $"{type.Namespace}.{Name(type)}";

    private static string Kind(Type type)
    {
        if (type.IsEnum)
            return "enum";
        if (IsDelegate(type))
            return "delegate";
        if (type.IsInterface)
            return "interface";
        if (type.IsValueType)
            return "struct";
        return type.IsAbstract ? type.IsSealed ? "static class" : "abstract class" : "class";
    }

    private static bool IsDelegate(Type type) => type.IsSubclassOf(typeof(Delegate));

    private static bool IsVisible(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private static bool IsNoAccessor(MethodInfo method) => !method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string Property(PropertyInfo property) =>
        $"{Modifiers(property.GetMethod!)}{Name(property.PropertyType)} {property.Name} {{ get; {(IsVisible(property.SetMethod) ? "set; " : string.Empty)}}}";

    private static string Field(FieldInfo field) => $"{(field.IsStatic ? "static " : string.Empty)}{Name(field.FieldType)} {field.Name}";

    private static string Method(MethodInfo method)
    {
        var generics = method.IsGenericMethod ? $"<{string.Join(",", method.GetGenericArguments().Select(Name))}>" : string.Empty;
        return $"{Modifiers(method)}{Name(method.ReturnType)} {method.Name}{generics}({Parameters(method)})";
    }

    private static string Modifiers(MethodInfo method) =>
        (method.IsStatic ? "static " : string.Empty)
        + (method.IsFamily ? "protected " : string.Empty)
        + (method.IsVirtual && !method.DeclaringType!.IsInterface ? "virtual " : string.Empty);

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
        (parameter.IsDefined(typeof(ParamArrayAttribute)) ? "params " : string.Empty)
        + $"{Name(parameter.ParameterType)} {parameter.Name}{(parameter.IsOptional ? "=" : string.Empty)}"));

    private static string Name(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
            return Name(underlying) + "?";
        if (type.IsArray)
            return Name(type.GetElementType()!) + "[]";
        if (type.IsGenericType)
            return $"{type.Name.Split('`')[0]}<{string.Join(",", type.GetGenericArguments().Select(Name))}>";
        return type.FullName switch
        {
            "System.String" => "string",
            "System.Boolean" => "bool",
            "System.Int32" => "int",
            "System.Object" => "object",
            "System.Void" => "void",
            _ => type.Name,
        };
    }
}
