using System.Xml;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Trx;

/// <summary>A TRX file of VSTest without the run's secrets. It is read as XML: the texts in it are redacted and nothing else, because an
/// element's or an attribute's name, an id or an outcome is no text of a test, whatever word the password is.</summary>
internal static class RedactedTrx
{
    // These attributes of these elements hold a test's name.
    private static readonly (string Element, string Attribute)[] Names =
    [
        ("UnitTestResult", "testName"), ("TestResultAggregation", "testName"), ("ManualTestResult", "testName"),
        ("GenericTestResult", "testName"),
        ("UnitTest", "name"), ("TestMethod", "name"), ("TestMethod", "className"),
    ];

    private static readonly XmlReaderSettings Reading = new() { CheckCharacters = false, DtdProcessing = DtdProcessing.Prohibit };

    // An element that is not closed in the file stays open, so that a reader still sees where it was cut.
    private static readonly XmlWriterSettings Writing = new()
    {
        CheckCharacters = false,
        CloseOutput = false,
        ConformanceLevel = ConformanceLevel.Auto,
        Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: true),
        NewLineHandling = NewLineHandling.Entitize,
        WriteEndDocumentOnClose = false,
    };

    /// <summary>Whether <see cref="Write"/> would change a text of the file, as far as the file can be read.</summary>
    public static bool HasSecret(string file, Redactor redactor)
    {
        using var text = new StreamReader(file);
        using var reader = XmlReader.Create(text, Reading);
        while (MoveOn(reader))
        {
            if (Texts(reader).Any(found => !ReferenceEquals(redactor.Redact(found), found)))
                return true;
        }

        return false;
    }

    /// <summary>Writes the file anew, to where it is damaged.</summary>
    public static void Write(string file, string rewritten, Redactor redactor)
    {
        using var text = new StreamReader(file);
        using var reader = XmlReader.Create(text, Reading);
        using var output = new FileStream(rewritten, FileMode.Create, FileAccess.Write);
        using var writer = XmlWriter.Create(output, Writing);
        while (MoveOn(reader))
            Copy(reader, writer, redactor);
    }

    private static bool MoveOn(XmlReader reader)
    {
        try
        {
            return reader.Read();
        }
        catch (XmlException)
        {
            // A test host that was ended leaves half a file; whoever merges it reports that.
            return false;
        }
    }

    private static IEnumerable<string> Texts(XmlReader reader)
    {
        if (IsText(reader.NodeType))
            yield return reader.Value;
        if (reader.NodeType != XmlNodeType.Element)
            yield break;
        var element = reader.LocalName;
        while (reader.MoveToNextAttribute())
        {
            if (Names.Contains((element, reader.LocalName)))
                yield return reader.Value;
        }

        reader.MoveToElement();
    }

    private static void Copy(XmlReader reader, XmlWriter writer, Redactor redactor)
    {
        if (reader.NodeType == XmlNodeType.Element)
            CopyElement(reader, writer, redactor);
        else if (reader.NodeType == XmlNodeType.EndElement)
            writer.WriteFullEndElement();
        else if (IsText(reader.NodeType))
            writer.WriteString(LegalXml.Clean(redactor.Redact(reader.Value)));
        else if (reader.NodeType is XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace)
            writer.WriteWhitespace(reader.Value);
        else if (reader.NodeType == XmlNodeType.XmlDeclaration)
            writer.WriteStartDocument();
    }

    private static void CopyElement(XmlReader reader, XmlWriter writer, Redactor redactor)
    {
        var element = reader.LocalName;
        var isEmpty = reader.IsEmptyElement;
        writer.WriteStartElement(reader.Prefix, element, reader.NamespaceURI);
        while (reader.MoveToNextAttribute())
        {
            var value = Names.Contains((element, reader.LocalName)) ? redactor.Redact(reader.Value) : reader.Value;
            writer.WriteAttributeString(reader.Prefix, reader.LocalName, reader.NamespaceURI, LegalXml.Clean(value));
        }

        reader.MoveToElement();
        if (isEmpty)
            writer.WriteEndElement();
    }

    private static bool IsText(XmlNodeType type) => type is XmlNodeType.Text or XmlNodeType.CDATA;
}
