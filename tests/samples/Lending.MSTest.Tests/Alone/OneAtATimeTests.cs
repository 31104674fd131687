namespace Lending.MSTest.Tests.Alone;

/// <summary>MSTest would run all of these at once. Where one at a time is promised, each counts who is there while it waits.</summary>
public abstract class OneAtATimeTests : LibraryTest
{
    [TestMethod]
    [DataRow(100)]
    [DataRow(200)]
    [DataRow(300)]
    public async Task Nobody_else_is_here_meanwhile(int milliseconds)
    {
        for (var passed = 0; passed < milliseconds; passed += 50)
        {
            await WaitAsync(50);
            var present = await Library.Attendance.NowAsync();
            Assert.IsTrue(!LendingTest.IsAlone || present.Count == 1, $"Not alone: {string.Join(", ", present)}");
        }
    }

    [TestMethod]
    public async Task Nobody_else_writes_meanwhile()
    {
        await Given.LentCopyAsync(await Given.MemberAsync());
        await WaitAsync(200);
        if (LendingTest.IsAlone)
            await Test.ExpectOnlyOwnWritesAsync();
    }
}

[TestClass]
public class OneAtATimeInSummerTests : OneAtATimeTests;

[TestClass]
public class OneAtATimeInWinterTests : OneAtATimeTests;
