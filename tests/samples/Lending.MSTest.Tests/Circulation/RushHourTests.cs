namespace Lending.MSTest.Tests.Circulation;

[TestClass]
public class RushHourTests : LibraryTest
{
    [TestMethod]
    [DataRow(1)]
    [DataRow(10)]
    [DataRow(100)]
    [DataRow(300)]
    [DataRow(700)]
    [DataRow(1000)]
    [DataRow(1400)]
    public async Task A_reader_browses_before_borrowing(int milliseconds)
    {
        var member = await Given.MemberAsync();
        var copy = await Given.CopyAsync();
        await WaitAsync(milliseconds);
        Assert.AreEqual(copy.Id, (await Library.Loans.LendAsync(member.Card, copy.Barcode)).CopyId);
    }

    [TestMethod]
    public async Task A_forgotten_bag_signs_nobody_out_twice()
    {
        using var terminal = new SelfCheckout(Library, (await Given.MemberAsync()).Card, TimeSpan.FromMilliseconds(350));
        await terminal.SignedOut.WaitAsync(Stop);
        await terminal.SignedOut.WaitAsync(Stop);
        Assert.IsEmpty(terminal.Loans);
    }
}

/// <summary>The same for every kind of reader.</summary>
public abstract class ReaderTests<TReader> : LibraryTest
    where TReader : IReader, new()
{
    [TestMethod]
    public async Task Borrows_as_much_as_there_is_time_for()
    {
        var member = await Given.MemberAsync();
        for (var book = 0; book < new TReader().Books; book++)
        {
            await Given.LentCopyAsync(member);
            await WaitAsync(110);
        }

        Assert.HasCount(new TReader().Books, await Library.Loans.OpenLoansAsync(member.Card));
    }

    [TestMethod]
    public void Borrows_something() => Assert.IsGreaterThan(0, new TReader().Books);
}

public interface IReader
{
    int Books { get; }
}

public sealed class Bookworm : IReader
{
    public int Books => 6;
}

public sealed class Visitor : IReader
{
    public int Books => 1;
}

[TestClass]
public class BookwormTests : ReaderTests<Bookworm>;

[TestClass]
public class VisitorTests : ReaderTests<Visitor>;
