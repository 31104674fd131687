namespace Lending.NUnit.Tests.Desk;

/// <summary>The longest class of all suites: it alone takes longer than an equal share of the work.</summary>
[TestFixture]
public class LongShiftTests : LibraryTest
{
    [TestCase(300)]
    [TestCase(600)]
    [TestCase(750)]
    [TestCase(900)]
    [TestCase(1200)]
    [TestCase(1500)]
    [TestCase(1650)]
    [TestCase(1800)]
    [TestCase(2000)]
    public async Task A_book_is_lent_after_a_talk_at_the_desk(int milliseconds)
    {
        var member = await Given.MemberAsync();
        var copy = await Given.CopyAsync();
        await Task.Delay(milliseconds);
        await Library.Loans.LendAsync(member.Card, copy.Barcode);
        Assert.That(await Library.Loans.OpenLoansAsync(member.Card), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Books_go_and_come([Values(100, 200, 350)] int milliseconds, [Values(1, 3)] int books)
    {
        var member = await Given.MemberAsync();
        foreach (var copy in await Given.CopiesAsync(await Given.BookAsync(), books))
        {
            await Library.Loans.LendAsync(member.Card, copy.Barcode);
            await Task.Delay(milliseconds / books);
            await Library.Loans.ReturnAsync(copy.Barcode);
        }

        Assert.That(await Library.Loans.OpenLoansAsync(member.Card), Is.Empty);
    }
}

/// <summary>NUnit would run all of these at once.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
public class QueueAtTheDeskTests : LibraryTest
{
    [TestCase("Ada", 100)]
    [TestCase("Ben", 200)]
    [TestCase("Carla", 300)]
    [TestCase("Dov", 400)]
    [TestCase("Émil", 500)]
    [TestCase("فاطمة", 600)]
    [TestCase("Greta", 700)]
    [TestCase("弘", 800)]
    public async Task One_after_the_other_is_served(string name, int milliseconds)
    {
        var member = await Given.MemberAsync(name: name);
        await Task.Delay(milliseconds);
        Assert.That((await Library.Members.FindAsync(member.Card))?.Name, Is.EqualTo(name));
    }
}

[TestFixture(typeof(PatientReader))]
[TestFixture(typeof(HastyReader))]
public class ReaderTests<TReader> : LibraryTest
    where TReader : IReader, new()
{
    [Test]
    public async Task Comes_back_in_time([Values(1, 2)] int books)
    {
        var reader = new TReader();
        var member = await Given.MemberAsync();
        for (var book = 0; book < books; book++)
        {
            var copy = await Given.LentCopyAsync(member);
            await Task.Delay(reader.Reading);
            Assert.That((await Library.Loans.ReturnAsync(copy.Barcode)).FineCents, Is.Zero);
        }
    }

    [Test]
    public void Needs_a_while() => Assert.That(new TReader().Reading, Is.Positive);
}

public interface IReader
{
    int Reading { get; }
}

public sealed class PatientReader : IReader
{
    public int Reading => 450;
}

public sealed class HastyReader : IReader
{
    public int Reading => 90;
}

/// <summary>A class with a set-up of its own, shared by its tests and nobody else.</summary>
[TestFixture]
[NonParallelizable]
public class BookClubTests : LibraryTest
{
    private static readonly Library Club = new(LendingDatabase.FromEnvironment(), TimeProvider.System, $"club {Guid.NewGuid():N}");
    private static Copy[] _copies = [];

    [OneTimeSetUp]
    public static async Task BuyAsync()
    {
        var given = new Given(Club);
        _copies = await given.CopiesAsync(await given.BookAsync("Book of the Month"), 5);
        await Task.Delay(500);
    }

    [OneTimeTearDown]
    public static Task SellAsync() => Club.Journal.UndoInsertsAsync(Club.Actor);

    [Test]
    public void Five_copies_were_bought() => Assert.That(_copies, Has.Length.EqualTo(5));

    [Test]
    public async Task Each_member_gets_one([Values(0, 1, 2, 3, 4)] int index)
    {
        await Library.Loans.LendAsync((await Given.MemberAsync()).Card, _copies[index].Barcode);
        await Task.Delay(200);
        Assert.That((await Library.Catalogue.AvailableByBranchAsync(_copies[index].BookId))["MAIN"], Is.EqualTo(4));
    }
}
