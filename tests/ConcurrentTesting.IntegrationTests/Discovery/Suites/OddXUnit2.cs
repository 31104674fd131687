using Xunit;

namespace Odd
{
    public static class Texts
    {
        public static readonly string[] All =
        [
            "it's", "\"quoted\"", "back\\slash", "end\\", "(round", "round)", "a|b", "a&b", "a=b", "a!=b", "a~b", "[square", "square]", "{curly}", "<angle>", "&amp;", "a, b", "a.b.C", "\r\n\tbreak",
            "\u0001", "\ud800lone", "emoji 😀", "日本", "*?$^+", "%20", "#", "@", ";", "`tick", "' or class == 'x", "", " ",
        ];
    }

    public sealed class Unserializable(string text)
    {
        public override string ToString() => text;
    }

    public abstract class Base<T>
    {
        public static IEnumerable<object[]> Strings => Texts.All.Append(new string('l', 100_000)).Select(text => new object[] { text });

        public static IEnumerable<object[]> Objects => Texts.All.Append(new string('l', 100_000)).Select(text => new object[] { new Unserializable(text) });

        public static IEnumerable<object[]> New => [[Guid.NewGuid()], [Guid.NewGuid()]];

        [Theory]
        [MemberData(nameof(Strings))]
        public void Text(string row) => Assert.NotNull(row);

        [Theory]
        [MemberData(nameof(Objects))]
        public void Object(Unserializable row) => Assert.NotNull(row);

        [Theory]
        [MemberData(nameof(New))]
        public void Anew(Guid row) => Assert.NotEqual(Guid.Empty, row);
    }

    public class OfInt : Base<int>;

    public class OfList : Base<List<string>>;

    public class Named
    {
        [Fact(DisplayName = "it's")]
        public void Apostrophe()
        {
        }

        [Fact(DisplayName = "(a|b)&c=d~e!f[g]{h}<i>\"j\"\\")]
        public void Signs()
        {
        }

        [Fact(DisplayName = "line\r\nbreak\t")]
        public void Break()
        {
        }

        [Fact(DisplayName = "\u0001")]
        public void Control()
        {
        }

        [Theory(DisplayName = "it's")]
        [InlineData("it's")]
        [InlineData("a|b")]
        public void Rows(string row) => Assert.NotNull(row);

        [Fact]
        public void Überprüfung_名前()
        {
        }

        public class Inner
        {
            [Theory(DisplayName = "(")]
            [InlineData(")")]
            public void Rows(string row) => Assert.NotNull(row);
        }
    }
}
