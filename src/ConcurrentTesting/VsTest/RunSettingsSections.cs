using System.Xml.Linq;

namespace ConcurrentTesting.VsTest;

internal static class RunSettingsSections
{
    /// <summary>The element of that name below another, made where it is missing.</summary>
    public static XElement Section(this XElement parent, string name)
    {
        if (parent.Element(name) is { } existing)
            return existing;
        var section = new XElement(name);
        parent.Add(section);
        return section;
    }
}
