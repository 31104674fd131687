namespace Lending.MSTest.Tests.Circulation;

/// <summary>A class with a set-up of its own: a circle that reads one book together.</summary>
[TestClass]
public class ReadingCircleTests : LibraryTest
{
    private static readonly Library Circle = new(LendingDatabase.FromEnvironment(), TimeProvider.System, $"circle {Guid.NewGuid():N}");
    private static int _meetings;
    private static Copy[] _copies = [];

    [ClassInitialize]
    public static async Task MeetAsync(TestContext context)
    {
        _meetings++;
        var given = new Given(Circle);
        _copies = await given.CopiesAsync(await given.BookAsync("Read together"), 4);
        await Task.Delay(400, context.CancellationToken);
    }

    [ClassCleanup]
    public static Task PartAsync() => Circle.Journal.UndoInsertsAsync(Circle.Actor);

    [TestMethod]
    [DataRow(0, 150)]
    [DataRow(1, 300)]
    [DataRow(2, 450)]
    [DataRow(3, 600)]
    public async Task Everybody_reads_a_copy(int index, int milliseconds)
    {
        var member = await Given.MemberAsync();
        await Library.Loans.LendAsync(member.Card, _copies[index].Barcode);
        await WaitAsync(milliseconds);
        Assert.AreEqual(0, (await Library.Loans.ReturnAsync(_copies[index].Barcode)).FineCents);
    }

    [TestMethod]
    public void The_circle_met_once() => Assert.AreEqual(1, _meetings);
}

/// <summary>What is set up for every class that derives from this one.</summary>
public abstract class BranchTests : LibraryTest
{
    private static readonly Dictionary<string, int> Openings = [];

    protected abstract string Branch { get; }

    [ClassInitialize(InheritanceBehavior.BeforeEachDerivedClass)]
    public static async Task OpenAsync(TestContext context)
    {
        lock (Openings)
            Openings[context.FullyQualifiedTestClassName!] = Openings.GetValueOrDefault(context.FullyQualifiedTestClassName!) + 1;
        await Task.Delay(150, context.CancellationToken);
    }

    [TestMethod]
    public void The_branch_was_opened_once()
    {
        lock (Openings)
            Assert.AreEqual(1, Openings[GetType().FullName!]);
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    public async Task Copies_stand_in_the_branch(int count)
    {
        var book = await Given.BookAsync();
        await Given.CopiesAsync(book, count, Branch);
        await WaitAsync(200);
        Assert.AreEqual(count, (await Library.Catalogue.AvailableByBranchAsync(book.Id))[Branch]);
    }
}

[TestClass]
public class MainBranchTests : BranchTests
{
    protected override string Branch => "MAIN";
}

[TestClass]
[DoNotParallelize]
public class EastBranchTests : BranchTests
{
    protected override string Branch => "EAST";
}
