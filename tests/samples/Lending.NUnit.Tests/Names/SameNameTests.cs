namespace Lending.NUnit.Tests.Names;

/// <summary>Cases that share a name, and so an id.</summary>
[TestFixture]
public class SameNameTests : LibraryTest
{
    private static IEnumerable<TestCaseData> Payments() =>
    [
        new TestCaseData("student", 28).SetName("Lends for the usual time"),
        new TestCaseData("senior", 28).SetName("Lends for the usual time"),
        new TestCaseData("adult", 21).SetName("Lends for the usual time"),
        new TestCaseData("child", 21).SetName("Lends for a short time"),
    ];

    [TestCaseSource(nameof(Payments))]
    public async Task Lends(string tier, int days)
    {
        await Task.Delay(70);
        var loan = await Library.Loans.LendAsync((await Given.MemberAsync(tier)).Card, (await Given.CopyAsync()).Barcode);
        Assert.That(loan.DueOn.DayNumber - loan.LentOn.DayNumber, Is.EqualTo(days));
    }

    // Rows whose text is the same, and one row written twice.
    private static IEnumerable<object> Readers() => [new Reader("Ada"), new Reader("Ben"), new Reader("Carla")];

    [TestCaseSource(nameof(Readers))]
    public async Task Joins(Reader reader) => Assert.That((await Given.MemberAsync(name: reader.Name)).Name, Is.EqualTo(reader.Name));

    [TestCase(1)]
    [TestCase(1)]
    [TestCase(2)]
    public void Counts(int number) => Assert.That(number, Is.Positive);

    public sealed class Reader(string name)
    {
        public string Name { get; } = name;

        public override string ToString() => "reader";
    }
}
