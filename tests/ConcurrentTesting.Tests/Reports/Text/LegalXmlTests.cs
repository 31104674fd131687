using System.Xml;
using System.Xml.Linq;
using ConcurrentTesting.Reports.Text;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Text;

public sealed class LegalXmlTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("plain\ttext\r\n", "plain\ttext\r\n")]
    [InlineData("a\0b\u0001c\u001fd", "a\uFFFDb\uFFFDc\uFFFDd")]
    [InlineData("\uFFFE\uFFFF\uFFFD", "\uFFFD\uFFFD\uFFFD")]
    [InlineData("😀", "😀")]
    [InlineData("\u001b[31mred\u001b[0m", "\uFFFD[31mred\uFFFD[0m")]
    public void What_XML_cannot_hold_becomes_the_replacement_character(string text, string expected) => LegalXml.Clean(text).ShouldBe(expected);

    // Metadata is UTF-8, so that these cannot be arguments of an attribute.
    [Fact]
    public void Halves_of_surrogate_pairs_become_the_replacement_character()
    {
        LegalXml.Clean("\ud83d").ShouldBe("\uFFFD");
        LegalXml.Clean("\ude00\ud83d").ShouldBe("\uFFFD\uFFFD");
        LegalXml.Clean("\ud83d\ud83d\ude00\ude00").ShouldBe("\uFFFD😀\uFFFD");
    }

    [Fact]
    public void Every_character_survives_a_strict_writer_and_reader()
    {
        var all = LegalXml.Clean(string.Concat(Enumerable.Range(0, 0x10000).Select(code => $"{(char)code}|")));

        using var written = new StringWriter();
        using (var writer = XmlWriter.Create(written, new XmlWriterSettings { CheckCharacters = true, NewLineHandling = NewLineHandling.Entitize }))
        {
            writer.WriteElementString("text", all);
        }

        XElement.Parse(written.ToString(), LoadOptions.PreserveWhitespace).Value.ShouldBe(all);
    }

    [Fact]
    public void Text_without_fault_is_not_copied()
    {
        var text = new string('a', 100);
        LegalXml.Clean(text).ShouldBeSameAs(text);
    }
}
