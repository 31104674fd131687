namespace Lending.NUnit.Tests.Names;

[TestFixture]
public class OddNameTests : LibraryTest
{
    private static readonly string[] Odd =
    [
        "Quote \" and 'apostrophe'",
        "Comma, comma,, and (parenthesis) [bracket] {brace}",
        "Dots... and.names.like.Namespace.Class.Method",
        "a&b|c!d=e~f",
        @"C:\books\new\table\",
        "Line\nbreak",
        "Carriage\rreturn",
        "Tab\tulator",
        "Bell\aescape\u001b[31m",
        "100 % \"sure\" <b>&amp;</b> ]]>",
        "Emoji 📚🐛👩🏽‍🚀",
        "שלום \u202e ספרים",
        "{m}{a} {0} %s $HOME",
        new('x', 200),
        new string('x', 199) + "y",
    ];

    [TestCaseSource(nameof(Odd))]
    public async Task A_member_keeps_the_name(string name)
    {
        var member = await Given.MemberAsync(name: name);
        Assert.That((await Library.Members.FindAsync(member.Card))?.Name, Is.EqualTo(name));
    }

    private static IEnumerable<TestCaseData> Named() => Odd.Take(13).Select(name => new TestCaseData(name).SetName(name));

    [TestCaseSource(nameof(Named))]
    public async Task Named_as_the_text(string name)
    {
        await Task.Delay(5);
        Assert.That(Title.Normalise(name), Is.EqualTo(name));
    }

    private static IEnumerable<string> Halves() => ["half \ud83d", "\udc1b half"];

    [TestCaseSource(nameof(Halves))]
    public void Half_a_surrogate_pair_is_refused(string name) => Assert.That(() => Title.Normalise(name), Throws.ArgumentException);
}

/// <summary>Names that are new in every process, only where SAMPLE_UNSTABLE_NAMES asks for them.</summary>
[TestFixture]
public class UnstableNameTests
{
    private static IEnumerable<string> Names() =>
        Environment.GetEnvironmentVariable("SAMPLE_UNSTABLE_NAMES") == "1" ? [Guid.NewGuid().ToString(), Guid.NewGuid().ToString()] : ["stable", "steady"];

    [TestCaseSource(nameof(Names))]
    public async Task Whatever_it_is_called_it_passes(string name)
    {
        await Task.Delay(20);
        Assert.That(name, Is.Not.Empty);
    }
}
