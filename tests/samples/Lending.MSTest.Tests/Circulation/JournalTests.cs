namespace Lending.MSTest.Tests.Circulation;

[TestClass]
public class JournalTests : LibraryTest
{
    [TestMethod]
    public async Task Every_write_is_in_the_journal()
    {
        var member = await Given.MemberAsync();
        var copy = await Given.LentCopyAsync(member);
        await Library.Loans.ReturnAsync(copy.Barcode);
        var entries = await Library.Journal.OfAsync(Library.Actor);
        CollectionAssert.AreEqual(
            new[] { "insert members", "update members", "insert authors", "insert books", "insert copies", "insert loans", "update loans" },
            entries.Select(entry => $"{entry.Operation} {entry.Relation}").ToArray());
    }

    [TestMethod]
    public async Task What_was_refused_is_not()
    {
        var before = (await Library.Journal.OfAsync(Library.Actor)).Count;
        await RefusedAsync(Refusal.UnknownCopy, () => Library.Loans.ReturnAsync("no such copy"));
        Assert.HasCount(before, await Library.Journal.OfAsync(Library.Actor));
    }

    [TestMethod]
    public async Task What_was_inserted_can_be_undone()
    {
        var rows = await RowCounts.ReadAsync(Library.Database);
        var member = await Given.MemberAsync();
        await Given.LentCopyAsync(member);
        await Library.Journal.UndoInsertsAsync(Library.Actor);
        Assert.IsNull(await Library.Members.FindAsync(member.Card));
        if (LendingTest.IsAlone)
            CollectionAssert.AreEquivalent(rows.ToArray(), (await RowCounts.ReadAsync(Library.Database)).ToArray());
    }
}

[TestClass]
public class AttendanceTests : LibraryTest
{
    [TestMethod]
    public async Task Who_is_here_is_seen()
    {
        await WaitAsync(150);
        Assert.IsTrue((await Library.Attendance.NowAsync()).Any(presence => presence.Name.Contains(nameof(AttendanceTests), StringComparison.Ordinal)));
    }

    [TestMethod]
    public async Task Who_comes_sees_who_was_here_before()
    {
        var (id, others) = await Library.Attendance.ArriveAsync("a visitor");
        await Library.Attendance.LeaveAsync(id);
        Assert.IsTrue(others.Any(presence => presence.ProcessId == Environment.ProcessId));
        Assert.IsFalse((await Library.Attendance.NowAsync()).Any(presence => presence.Id == id));
    }
}
