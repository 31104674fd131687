using Xunit;

namespace Troubled.SideBySide;

/// <summary>Tests that fail where another one of them runs in their process at the same time, and that need nothing of each other.</summary>
public sealed class TestsAlone
{
    private static int _running;

    public static IEnumerable<TheoryDataRow<int>> Numbers => Enumerable.Range(1, 24).Select(number => new TheoryDataRow<int>(number));

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Runs_alone(int number)
    {
        Assert.Equal(1, Interlocked.Increment(ref _running));
        await Task.Delay(Trouble.Delay, TestContext.Current.CancellationToken);
        await Task.Yield();
        Assert.Equal(0, Interlocked.Decrement(ref _running));
        Assert.InRange(number, 1, 24);
    }
}

/// <summary>Tests that need nothing of each other.</summary>
public sealed class TestsApart
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Runs(int number)
    {
        await Task.Delay(Trouble.Delay, TestContext.Current.CancellationToken);
        Assert.InRange(number, 1, 3);
    }
}
