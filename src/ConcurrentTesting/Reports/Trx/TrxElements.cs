using System.Xml.Linq;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>Elements and attributes by their local names: older loggers write other namespaces.</summary>
internal static class TrxElements
{
    public static XElement? Child(this XElement element, string name) =>
        element.Elements().FirstOrDefault(child => child.Name.LocalName == name);

    public static string? Text(this XElement element, string attribute) => element.Attribute(attribute)?.Value;
}
