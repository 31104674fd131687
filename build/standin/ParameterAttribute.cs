using System.Reflection;
using Nuke.Common.Execution;
using Nuke.Common.ValueInjection;

namespace Nuke.Common;

/// <summary>A value from the command line, the environment or .nuke/parameters.json, in this order.</summary>
public class ParameterAttribute : ValueInjectionAttributeBase
{
    public ParameterAttribute(string description = null) => Description = description;

    public virtual string Description { get; }

    public string Name { get; set; }

    public string Separator { get; set; }

    public virtual bool List { get; set; } = true;

    public override object GetValue(MemberInfo member, object instance)
    {
        var type = MemberDiscovery.TypeOf(member);
        var isNullable = !type.IsValueType || Nullable.GetUnderlyingType(type) != null;
        return ParameterResolver.Current.Get(
            MemberDiscovery.ParameterName(member),
            isNullable ? type : typeof(Nullable<>).MakeGenericType(type),
            Separator?.Single());
    }
}

/// <summary>The parameter's values in .nuke/parameters.json are encrypted.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Field | AttributeTargets.Parameter)]
public class SecretAttribute : Attribute;

/// <summary>Goes before the names of all parameters of a component.</summary>
[AttributeUsage(AttributeTargets.Interface, Inherited = false)]
public class ParameterPrefixAttribute : Attribute
{
    public ParameterPrefixAttribute(string prefix) => Prefix = prefix;

    public string Prefix { get; }
}
