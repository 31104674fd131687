using System.Xml;
using System.Xml.Linq;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>Reads a TRX file from front to end, holding one row of it at a time.</summary>
internal static class TrxReader
{
    private static readonly XmlReaderSettings Settings = new()
    {
        // Text is cleaned when it goes into a report. Until then no character in it is worth losing a file for.
        CheckCharacters = false,
        DtdProcessing = DtdProcessing.Prohibit,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        IgnoreWhitespace = true,
    };

    /// <summary>The parts of the file in its order: <c>Deployment</c> and <c>ResultSummary</c> with their attributes alone, each result
    /// (data rows that are nested in the row of their method after it, as rows of their own), each <c>UnitTest</c>, and each child of the
    /// summary.</summary>
    /// <exception cref="XmlException">While enumerating: the file is damaged; what stood before the damage has been given.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static IEnumerable<XElement> Read(string path)
    {
        // A StreamReader of our own turns bytes that are no UTF-8 into U+FFFD, where the XML reader would give up.
        using var text = new StreamReader(path);
        using var reader = XmlReader.Create(text, Settings);
        reader.MoveToContent();
        if (reader.LocalName != "TestRun")
            throw new XmlException($"it begins with <{reader.Name}>, not <TestRun>");

        reader.Read();
        while (!reader.EOF)
        {
            foreach (var part in Next(reader))
                yield return part;
        }
    }

    private static bool IsResult(string name) =>
        name is "UnitTestResult" or "TestResultAggregation" or "ManualTestResult" or "GenericTestResult";

    private static IEnumerable<XElement> Next(XmlReader reader)
    {
        if (reader.NodeType != XmlNodeType.Element)
        {
            reader.Read();
            return [];
        }

        switch (reader.LocalName)
        {
            case "Deployment" or "ResultSummary":
                return [ReadHead(reader)];
            case "TestEntries" or "TestLists":
                reader.Skip();
                return [];
            case var name when IsResult(name):
                return Flatten((XElement)XNode.ReadFrom(reader));
            case "UnitTest" or "Output" or "RunInfos" or "ResultFiles" or "CollectorDataEntries":
                return [(XElement)XNode.ReadFrom(reader)];
            default:
                reader.Read();
                return [];
        }
    }

    private static XElement ReadHead(XmlReader reader)
    {
        var head = new XElement(XName.Get(reader.LocalName, reader.NamespaceURI));
        while (reader.MoveToNextAttribute())
            head.SetAttributeValue(XName.Get(reader.LocalName), reader.Value);

        reader.MoveToElement();
        reader.Read();
        return head;
    }

    private static IEnumerable<XElement> Flatten(XElement result)
    {
        var inner = result.Elements().FirstOrDefault(child => child.Name.LocalName == "InnerResults");
        inner?.Remove();
        return [result, .. inner?.Elements().SelectMany(Flatten) ?? []];
    }
}
