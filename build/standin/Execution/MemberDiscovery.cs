using System.Reflection;
using Nuke.Common.ValueInjection;

namespace Nuke.Common.Execution;

/// <summary>Finds targets and parameters in a build class and in the components that it inherits.</summary>
internal static class MemberDiscovery
{
    public const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;
    public const BindingFlags All = Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    /// <summary>The short name of a member that may be an explicit implementation.</summary>
    public static string ShortName(MemberInfo member) => member.Name.Split('.')[^1];

    public static string ParameterName(MemberInfo member) =>
        member.DeclaringType!.GetCustomAttribute<ParameterPrefixAttribute>()?.Prefix
        + (member.GetCustomAttribute<ParameterAttribute>()!.Name ?? member.Name);

    public static Type TypeOf(MemberInfo member) => member is FieldInfo field ? field.FieldType : ((PropertyInfo)member).PropertyType;

    public static IReadOnlyList<PropertyInfo> Targets(Type build)
    {
        var targets = Members(build, Instance, member => member is PropertyInfo property && property.PropertyType == typeof(Target));
        foreach (var several in targets.GroupBy(ShortName).Where(group => group.Count() > 1))
            Assert.Fail($"Property '{several.Key}' must be implemented explicitly because it is inherited from multiple interfaces");
        return [.. targets.Cast<PropertyInfo>()];
    }

    public static IReadOnlyList<MemberInfo> Parameters(Type build) =>
        [.. Members(build, All, member => member.IsDefined(typeof(ValueInjectionAttributeBase)))
            .Where(member => member.IsDefined(typeof(ParameterAttribute)))
            .OrderBy(ParameterName, StringComparer.Ordinal)];

    // A member of a component counts unless the class has a public one of that name; an explicit implementation takes its place.
    private static List<MemberInfo> Members(Type build, BindingFlags flags, Func<MemberInfo, bool> filter)
    {
        var ofComponents = build.GetInterfaces()
            .SelectMany(component => component.GetMembers(flags))
            .Where(filter)
            .Where(member => build.GetMember(member.Name).Length == 0)
            .Select(member => ExplicitImplementation(build, member) ?? member);
        var ofClass = build.GetMembers(flags).Where(filter).Where(member => !member.Name.Contains('.', StringComparison.Ordinal));
        return [.. ofClass.Concat(ofComponents).Where(filter).Distinct()];
    }

    private static MemberInfo ExplicitImplementation(Type build, MemberInfo member)
    {
        var name = $"{member.DeclaringType!.FullName!.Replace('+', '.')}.{member.Name}";
        return build.GetMember(name, Instance).SingleOrDefault();
    }
}
