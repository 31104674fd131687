using System.Xml;

namespace ConcurrentTesting.TestHook.Wire;

/// <summary>Text that XML can hold, in which run settings go to test processes and NUnit's names come from its framework.</summary>
internal static class LegalText
{
    /// <summary>No character, and no half of a surrogate pair, is one that XML 1.0 has no place for.</summary>
    public static bool Holds(string value)
    {
        for (var index = 0; index < value.Length; index++)
        {
            if (XmlConvert.IsXmlChar(value[index]))
                continue;
            if (index + 1 == value.Length || !XmlConvert.IsXmlSurrogatePair(value[index + 1], value[index]))
                return false;
            index++;
        }

        return true;
    }
}
