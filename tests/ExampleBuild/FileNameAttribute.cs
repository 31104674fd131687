using System.Reflection;
using Nuke.Common.ValueInjection;

/// <summary>Injects a value by the member's name without being a parameter, as NUKE's own [Solution] does.</summary>
[AttributeUsage(AttributeTargets.Field)]
internal sealed class FileNameAttribute : ValueInjectionAttributeBase
{
    public override object GetValue(MemberInfo member, object instance) => "build.json";
}
