using System.Text;
using System.Xml;
using ConcurrentTesting.Reports.Text;
using CsCheck;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Text;

public sealed class IndentedXmlTests
{
    private const string Namespace = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";
    private static readonly string[] Texts = ["", "plain", "a\nb\r\n\tc", "<b>&amp;</b> \"quoted\" 'single'", "żółć 漢字 🦊", "]]>", " ", new('x', 70_000), string.Concat(Enumerable.Repeat("🦊", 40_000))];

    [Fact]
    public void It_writes_what_the_writer_of_the_framework_writes() => Gen.Select(Gen.Int[0, 1_000_000], Gen.Int[0, 60], Gen.Bool).Sample(
        (seed, steps, hasNamespace) =>
        {
            var (own, theirs) = (new MemoryStream(), new MemoryStream());
            using (var xml = new IndentedXml(own, hasNamespace ? Namespace : null))
                Write(new Own(xml), seed, steps);
            using (var xml = XmlWriter.Create(theirs, new XmlWriterSettings { CloseOutput = false, Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n", NewLineHandling = NewLineHandling.Entitize }))
                Write(new Theirs(xml, hasNamespace ? Namespace : null), seed, steps);

            Encoding.UTF8.GetString(own.ToArray()).ShouldBe(Encoding.UTF8.GetString(theirs.ToArray()));
        },
        iter: 500);

    [Fact]
    public void A_character_that_no_file_may_hold_is_shown_as_unknown()
    {
        var output = new MemoryStream();
        using (var xml = new IndentedXml(output))
        {
            xml.WriteStartElement("a");
            xml.WriteAttributeString("b", "\u0001\ud800");
            xml.WriteString("\u0002\udc00");
            xml.WriteEndElement();
        }

        Encoding.UTF8.GetString(output.ToArray()).ShouldBe("\n<a b=\"\uFFFD\uFFFD\">\uFFFD\uFFFD</a>");
    }

    private static void Write(IWriter xml, int seed, int steps)
    {
        var random = new Random(seed);
        var (depth, attributes, isTagOpen) = (1, 0, true);
        xml.Begin();
        xml.Start("root");
        for (var step = 0; step < steps && depth > 0; step++)
        {
            switch (random.Next(6))
            {
                case 0 or 1:
                    xml.Start($"e{random.Next(3)}");
                    (depth, isTagOpen) = (depth + 1, true);
                    break;
                case 2 when isTagOpen:
                    xml.Attribute($"a{attributes++}", Texts[random.Next(Texts.Length)]);
                    break;
                case 3:
                    xml.Element("leaf", Texts[random.Next(Texts.Length)]);
                    isTagOpen = false;
                    break;
                case 4:
                    xml.Text(Texts[random.Next(Texts.Length)]);
                    isTagOpen = false;
                    break;
                case 5 when depth > 1:
                    xml.End();
                    (depth, isTagOpen) = (depth - 1, false);
                    break;
            }
        }

        xml.EndAll();
    }

    private interface IWriter
    {
        void Begin();

        void Start(string name);

        void Attribute(string name, string value);

        void Element(string name, string value);

        void Text(string value);

        void End();

        void EndAll();
    }

    private sealed class Own(IndentedXml xml) : IWriter
    {
        public void Begin() => xml.WriteStartDocument();

        public void Start(string name) => xml.WriteStartElement(name);

        public void Attribute(string name, string value) => xml.WriteAttributeString(name, value);

        public void Element(string name, string value) => xml.WriteElementString(name, value);

        public void Text(string value) => xml.WriteString(value);

        public void End() => xml.WriteEndElement();

        public void EndAll() => xml.WriteEndDocument();
    }

    private sealed class Theirs(XmlWriter xml, string? space) : IWriter
    {
        public void Begin() => xml.WriteStartDocument();

        public void Start(string name) => xml.WriteStartElement(name, space);

        public void Attribute(string name, string value) => xml.WriteAttributeString(name, value);

        public void Element(string name, string value) => xml.WriteElementString(name, space, value);

        public void Text(string value) => xml.WriteString(value);

        public void End() => xml.WriteEndElement();

        public void EndAll() => xml.WriteEndDocument();
    }
}
