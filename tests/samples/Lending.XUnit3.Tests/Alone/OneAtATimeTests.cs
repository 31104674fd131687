namespace Lending.XUnit3.Tests.Alone;

/// <summary>Classes that xunit would run side by side. Where one test at a time is promised, each counts who is there while it waits.</summary>
public abstract class OneAtATimeTests : LibraryTest
{
    [Theory]
    [InlineData(100)]
    [InlineData(200)]
    [InlineData(400)]
    public async Task Nobody_else_is_here_meanwhile(int milliseconds)
    {
        for (var passed = 0; passed < milliseconds; passed += 50)
        {
            await WaitAsync(50);
            var present = await Library.Attendance.NowAsync();
            Assert.True(!LendingTest.IsAlone || present.Count == 1, $"Not alone: {string.Join(", ", present)}");
        }
    }

    [Fact]
    public async Task Nobody_else_writes_meanwhile()
    {
        await Library.Reservations.PlaceAsync((await Given.MemberAsync()).Card, (await Given.BookAsync()).Id);
        await WaitAsync(300);
        if (LendingTest.IsAlone)
            await Test.ExpectOnlyOwnWritesAsync();
    }
}

public class OneAtATimeOnTheGroundFloorTests : OneAtATimeTests;

public class OneAtATimeUpstairsTests : OneAtATimeTests;
