using System.Globalization;
using Xunit;

namespace Troubled;

public sealed class RowsFixture
{
    public RowsFixture()
    {
        if (Trouble.IsAsked("FIXTURE"))
            throw new InvalidOperationException("TROUBLED_FIXTURE asks for it.");
    }
}

/// <summary>Rows that leave a visit in the database, and make trouble when they are asked to.</summary>
public abstract class Rows : IClassFixture<RowsFixture>
{
    public static IEnumerable<object[]> Numbers => Enumerable.Range(1, Trouble.RowCount).Select(number => new object[] { number });

    [Theory]
    [MemberData(nameof(Numbers))]
    public async Task Row(int number)
    {
        var me = string.Create(CultureInfo.InvariantCulture, $"{GetType().Name}:{number}");
        if (Trouble.Delay > 0)
            await Task.Delay(Trouble.Delay);
        await WorkerDatabase.VisitAsync(me);
        await EndBadlyAsync(me);
        DeclareInfrastructure(me);
        Assert.False(Trouble.IsAsked("FAIL", me), "TROUBLED_FAIL asks for it.");
        if (Trouble.IsAsked("LARGE", me))
            throw new InvalidOperationException(new string('m', 20 * 1024 * 1024));
        Assert.False(Trouble.IsAskedOnce("FLAKY", me), "TROUBLED_FLAKY asks for it, once.");
    }

    private static async Task EndBadlyAsync(string me)
    {
        if (Trouble.IsAsked("CRASH", me) || Trouble.IsAskedOnce("CRASH_ONCE", me))
            Environment.FailFast("TROUBLED_CRASH asks for it.");
        if (Trouble.IsAsked("LOCK", me))
            await WorkerDatabase.LockForEverAsync();
        if (Trouble.IsAsked("HANG", me) || Trouble.IsAskedOnce("HANG_ONCE", me))
            await Task.Delay(Timeout.Infinite);
    }

    private static void DeclareInfrastructure(string me)
    {
        if (Trouble.IsAskedOnce("INFRASTRUCTURE", me))
            throw new ConcurrentTestInfrastructureException("TROUBLED_INFRASTRUCTURE asks for it, once.");
        if (!Trouble.IsAskedOnce("EXIT_FILE", me))
            return;
        File.WriteAllText(Environment.GetEnvironmentVariable("CONCURRENT_TEST_INFRASTRUCTURE_FILE")!, "TROUBLED_EXIT_FILE asks for it, once.");
        Environment.Exit(1);
    }
}
