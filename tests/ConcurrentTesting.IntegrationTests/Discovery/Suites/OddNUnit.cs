using NUnit.Framework;

namespace Odd
{
    public static class Texts
    {
        public static readonly string[] All =
        [
            "it's", "\"quoted\"", "back\\slash", "end\\", "(round", "round)", "a|b", "a&b", "a=b", "a!=b", "a~b", "[square", "square]", "{curly}", "<angle>", "&amp;", "a, b", "a.b.C", "\r\n\tbreak",
            "\u0001", "\ud800lone", "emoji 😀", "日本", "*?$^+", "%20", "#", "@", ";", "`tick", "' or class == 'x", "", " ",
        ];

        public static IEnumerable<string> Long => [new string('l', 100_000), new string('\'', 100_000)];

        public static IEnumerable<Guid> Anew => [Guid.NewGuid(), Guid.NewGuid()];
    }

    [TestFixture("it's")]
    [TestFixture("\"quoted\"")]
    [TestFixture("back\\slash")]
    [TestFixture("(round")]
    [TestFixture("round)")]
    [TestFixture("a|b&c=d~e!f")]
    [TestFixture("[square]<angle>{curly}&amp;")]
    [TestFixture("a.b, c.D(1)")]
    [TestFixture("\r\n\tbreak")]
    [TestFixture("\u0001\ud800lone")]
    [TestFixture("' or class == 'x")]
    public class Fixtures(string text)
    {
        [Test]
        public void Holds() => Assert.That(text, Is.Not.Null);

        [TestCase("it's")]
        [TestCase("a|b")]
        public void Rows(string row) => Assert.That(row, Is.Not.EqualTo(text + "x"));

        [TestCaseSource(typeof(Texts), nameof(Texts.Anew))]
        public void Anew(Guid row) => Assert.That(row, Is.Not.EqualTo(Guid.Empty));
    }

    [TestFixtureSource(typeof(Texts), nameof(Texts.Long))]
    public class LongFixtures(string text)
    {
        [TestCaseSource(typeof(Texts), nameof(Texts.Anew))]
        public void Anew(Guid row) => Assert.That(text, Has.Length.EqualTo(100_000));
    }

    [TestFixture(1)]
    [TestFixture(2)]
    [TestFixture(3)]
    public class Numbered(int number)
    {
        [TestCaseSource(typeof(Texts), nameof(Texts.Anew))]
        public void Anew(Guid row) => Assert.That(number, Is.Not.EqualTo(3), "the third fails");
    }

    [TestFixtureSource(typeof(Texts), nameof(Texts.Anew))]
    public class FixturesAnew(Guid id)
    {
        [Test]
        public void Holds() => Assert.That(id, Is.Not.EqualTo(Guid.Empty));

        [TestCaseSource(typeof(Texts), nameof(Texts.Anew))]
        public void Anew(Guid row) => Assert.That(row, Is.Not.EqualTo(id));
    }

    [TestFixture(typeof(int))]
    [TestFixture(typeof(Dictionary<string, int[]>))]
    public class Generic<T>
    {
        [TestCaseSource(typeof(Texts), nameof(Texts.Anew))]
        public void Anew(Guid row) => Assert.That(typeof(T), Is.Not.Null);

        [TestFixture]
        public class Nested
        {
            [TestCaseSource(typeof(Texts), nameof(Texts.Anew))]
            public void Anew(Guid row) => Assert.That(row, Is.Not.EqualTo(Guid.Empty));
        }
    }

    public abstract class Base
    {
        [TestCaseSource(typeof(Texts), nameof(Texts.Anew))]
        public void Inherited(Guid row) => Assert.That(row, Is.Not.EqualTo(Guid.Empty));
    }

    public class Derived : Base;

    public class Derived2 : Base;

    public class Rows
    {
        [TestCaseSource(typeof(Texts), nameof(Texts.All))]
        [TestCaseSource(typeof(Texts), nameof(Texts.Long))]
        public void Text(string row) => Assert.That(row, Is.Not.Null);

        [TestCaseSource(nameof(NamedRows))]
        public void Named(string row) => Assert.That(row, Is.Not.Null);

        [TestCaseSource(nameof(NamedAnew))]
        public void NamedEachTime(Guid row) => Assert.That(row, Is.Not.EqualTo(Guid.Empty));

        public static IEnumerable<TestCaseData> NamedRows =>
            Texts.All.Concat(Texts.Long).Where(text => text.Trim().Length > 0).Select(text => new TestCaseData(text).SetName(text));

        public static IEnumerable<TestCaseData> NamedAnew =>
            Texts.All.Select(text => new TestCaseData(Guid.NewGuid()).SetName($"{text} of {Guid.NewGuid()}"));
    }

    public class Innocent
    {
        [TestCaseSource(typeof(Texts), nameof(Texts.Anew))]
        public void Anew(Guid row) => Assert.That(row, Is.Not.EqualTo(Guid.Empty));

        [Test]
        public void Überprüfung_名前()
        {
        }
    }
}
