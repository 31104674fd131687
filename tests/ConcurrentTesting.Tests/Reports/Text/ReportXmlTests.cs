using System.Globalization;
using System.Text;
using System.Xml;
using ConcurrentTesting.Reports.Text;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Text;

public sealed class ReportXmlTests
{
    private static readonly string[] Pieces =
        ["", " ", "a", "name of a test", "<", ">", "&", "\"", "'", "\t", "\n", "\r\n", "\u0001", "\u007F", "\u0085", "é", "名前", "\u2028", "😀", "\ud83d", "\ude00", "\uFFFD", "\uFFFE", "\uFFFF"];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Whatever_is_written_has_the_bytes_of_an_XmlWriter(int seed) =>
        Written(xml => Tree(new Random(seed), xml, depth: 0)).ShouldBe(ByXmlWriter(xml => Tree(new Random(seed), xml, depth: 0)));

    [Fact]
    public void Every_character_has_the_bytes_of_an_XmlWriter()
    {
        var all = string.Concat(Enumerable.Range(0, 0x10000).Select(code => $"{(char)code}|"));

        Written(xml => OneText(xml, all)).ShouldBe(ByXmlWriter(xml => OneText(xml, all)));
    }

    // The buffer ends within it, at every place of a character.
    [Theory]
    [InlineData("a")]
    [InlineData("é")]
    [InlineData("名")]
    [InlineData("😀")]
    [InlineData("<")]
    public void Long_text_is_whole(string repeated)
    {
        for (var before = 0; before < 7; before++)
        {
            var text = new string('.', before) + string.Concat(Enumerable.Repeat(repeated, 60_000));

            Written(xml => OneText(xml, text)).ShouldBe(ByXmlWriter(xml => OneText(xml, text)));
        }
    }

    [Fact]
    public void Numbers_times_and_ids_are_written_as_they_are_formatted_everywhere()
    {
        var id = Guid.NewGuid();
        var time = new DateTime(2026, 1, 31, 7, 8, 9, 10, DateTimeKind.Utc);

        var written = Written(xml =>
        {
            xml.Start("a");
            xml.Attribute("number", -17);
            xml.Attribute("seconds", 1234.5678, "0.000");
            xml.Attribute("time", time, "yyyy-MM-ddTHH:mm:ss.fffZ");
            xml.Attribute("id", id);
            xml.End();
        });

        written.ShouldEndWith(string.Create(CultureInfo.InvariantCulture, $"<a number=\"-17\" seconds=\"1234.568\" time=\"2026-01-31T07:08:09.010Z\" id=\"{id}\" />"));
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(0, 50)];

    private static void OneText(IWriter xml, string text)
    {
        xml.Start("a");
        xml.Attribute("b", text);
        xml.Element("c", text);
        xml.End();
    }

    private static void Tree(Random random, IWriter xml, int depth)
    {
        xml.Start(random.GetItems(["a", "test-case", "Output"], 1)[0]);
        for (var attribute = random.Next(4); attribute > 0; attribute--)
            xml.Attribute($"a{attribute}", Text(random));
        for (var child = random.Next(depth == 0 ? 30 : 5); child > 0; child--)
        {
            if (random.Next(4) == 0)
                xml.Text(Text(random));
            else if (depth == 4 || random.Next(3) == 0)
                xml.Element("only", Text(random));
            else
                Tree(random, xml, depth + 1);
        }

        xml.End();
    }

    private static string Text(Random random) => string.Concat(random.GetItems(Pieces, random.Next(12)));

    private static string Written(Action<OwnWriter> write)
    {
        using var stream = new MemoryStream();
        using (var xml = new ReportXml(stream))
        {
            xml.Begin();
            write(new OwnWriter(xml));
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static string ByXmlWriter(Action<IWriter> write)
    {
        using var stream = new MemoryStream();
        var settings = new XmlWriterSettings
        {
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            Indent = true,
            NewLineChars = "\n",
            NewLineHandling = NewLineHandling.Entitize,
        };
        using (var xml = XmlWriter.Create(stream, settings))
        {
            xml.WriteStartDocument();
            write(new TheirWriter(xml));
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private interface IWriter
    {
        void Start(string name);

        void Attribute(string name, string value);

        void Text(string text);

        void Element(string name, string text);

        void End();
    }

    private sealed class OwnWriter(ReportXml xml) : IWriter
    {
        public void Start(string name) => xml.Start(name);

        public void Attribute(string name, string value) => xml.Attribute(name, value);

        public void Attribute<T>(string name, T value, string? format = null)
            where T : IUtf8SpanFormattable => xml.Attribute(name, value, format);

        public void Text(string text) => xml.Text(text);

        public void Element(string name, string text) => xml.Element(name, text);

        public void End() => xml.End();
    }

    private sealed class TheirWriter(XmlWriter xml) : IWriter
    {
        public void Start(string name) => xml.WriteStartElement(name);

        public void Attribute(string name, string value) => xml.WriteAttributeString(name, LegalXml.Clean(value));

        public void Text(string text) => xml.WriteString(LegalXml.Clean(text));

        public void Element(string name, string text) => xml.WriteElementString(name, LegalXml.Clean(text));

        public void End() => xml.WriteEndElement();
    }
}
