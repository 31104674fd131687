namespace Lending.XUnit2.Tests.Alone;

/// <summary>
/// Four classes, which xunit would run side by side. Where one test at a time is promised, each counts who is there while it waits.
/// </summary>
public abstract class OneAtATimeTests : LibraryTest
{
    [Theory]
    [InlineData(50)]
    [InlineData(150)]
    [InlineData(300)]
    public async Task Nobody_else_is_here_meanwhile(int milliseconds)
    {
        for (var passed = 0; passed < milliseconds; passed += 50)
        {
            await Task.Delay(50);
            var present = await Library.Attendance.NowAsync();
            Assert.True(!LendingTest.IsAlone || present.Count == 1, $"Not alone: {string.Join(", ", present)}");
        }
    }

    [Fact]
    public async Task Nobody_else_writes_meanwhile()
    {
        await Given.CopyAsync();
        await Task.Delay(250);
        if (LendingTest.IsAlone)
            await Test.ExpectOnlyOwnWritesAsync();
    }
}

public class OneAtATimeInTheMorningTests : OneAtATimeTests;

public class OneAtATimeAtNoonTests : OneAtATimeTests;

public class OneAtATimeInTheEveningTests : OneAtATimeTests;
