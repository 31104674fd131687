using System.Reflection;
using Serilog;

namespace Nuke.Common.ValueInjection;

[AttributeUsage(AttributeTargets.Field | AttributeTargets.Property)]
public abstract class ValueInjectionAttributeBase : Attribute
{
    public INukeBuild Build { get; internal set; }

    /// <summary>The value, or null with a warning where there is none that fits.</summary>
    public object TryGetValue(MemberInfo member, object instance)
    {
        try
        {
            return GetValue(member, instance);
        }
        catch (Exception exception)
        {
            Log.Warning(exception, "Could not inject value for {Member}", $"{member.DeclaringType!.Name}.{member.Name}");
            return null;
        }
    }

    public abstract object GetValue(MemberInfo member, object instance);
}
