namespace Lending.NUnit.Tests.Alone;

/// <summary>NUnit would run all of these at once. Where one at a time is promised, each counts who is there while it waits.</summary>
[Parallelizable(ParallelScope.All)]
public abstract class OneAtATimeTests : LibraryTest
{
    private static int _running;

    [TestCase(100)]
    [TestCase(200)]
    [TestCase(300)]
    [TestCase(400)]
    public async Task Nobody_else_is_here_meanwhile(int milliseconds)
    {
        var running = Interlocked.Increment(ref _running);
        for (var passed = 0; passed < milliseconds; passed += 50)
        {
            await Task.Delay(50);
            var present = await Library.Attendance.NowAsync();
            Assert.That(!LendingTest.IsAlone || present.Count == 1, $"Not alone: {string.Join(", ", present)}");
        }

        Interlocked.Decrement(ref _running);
        Assert.That(!LendingTest.IsAlone || running == 1, $"{running} tests of this class at once.");
    }

    [Test]
    public async Task Nobody_else_writes_meanwhile()
    {
        await Given.LentCopyAsync(await Given.MemberAsync());
        await Task.Delay(250);
        if (LendingTest.IsAlone)
            await Test.ExpectOnlyOwnWritesAsync();
    }
}

[TestFixture]
public class OneAtATimeOnMondayTests : OneAtATimeTests;

[TestFixture]
public class OneAtATimeOnTuesdayTests : OneAtATimeTests;

[TestFixture]
public class OneAtATimeOnWednesdayTests : OneAtATimeTests;
