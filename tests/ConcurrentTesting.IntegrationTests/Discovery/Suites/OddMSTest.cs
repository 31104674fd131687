using Microsoft.VisualStudio.TestTools.UnitTesting;

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

    [TestClass]
    public class Rows
    {
        public static IEnumerable<object[]> Strings => Texts.All.Append(new string('l', 100_000)).Select(text => new object[] { text });

        public static IEnumerable<object[]> Objects => Texts.All.Append(new string('l', 100_000)).Select(text => new object[] { new Unserializable(text) });

        public static IEnumerable<object[]> New => [[Guid.NewGuid()], [Guid.NewGuid()]];

        public static string NameOf(System.Reflection.MethodInfo method, object[] row) => $"{row[0]}";

        [TestMethod]
        [DynamicData(nameof(Strings))]
        public void Text(string row) => Assert.IsNotNull(row);

        [TestMethod]
        [DynamicData(nameof(Objects))]
        public void Object(Unserializable row) => Assert.IsNotNull(row);

        [TestMethod]
        [DynamicData(nameof(Objects), DynamicDataDisplayName = nameof(NameOf))]
        public void NamedByRow(Unserializable row) => Assert.IsNotNull(row);

        [TestMethod]
        [DynamicData(nameof(New))]
        public void Anew(Guid row) => Assert.AreNotEqual(Guid.Empty, row);
    }

    [TestClass]
    public class Named
    {
        [TestMethod(DisplayName = "it's")]
        public void Apostrophe()
        {
        }

        [TestMethod(DisplayName = "(a|b)&c=d~e!f[g]{h}<i>\"j\"\\")]
        public void Signs()
        {
        }

        [TestMethod(DisplayName = "line\r\nbreak\t")]
        public void Break()
        {
        }

        [TestMethod]
        [DataRow("it's", DisplayName = "it's")]
        [DataRow("a|b", DisplayName = "(a|b)")]
        public void Data(string row) => Assert.IsNotNull(row);

        [TestMethod]
        public void Überprüfung_名前()
        {
        }
    }

    public abstract class Base<T>
    {
        [TestMethod]
        [DataRow("it's")]
        [DataRow("(")]
        public void Inherited(string row) => Assert.IsNotNull(row);
    }

    [TestClass]
    public class OfInt : Base<int>;

    [TestClass]
    public class OfList : Base<List<string>>;
}
