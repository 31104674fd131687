namespace Measured.MSTest;

[TestClass]
public sealed class WorkTests
{
    private static int _tries;

    /// <summary>Three reads before all tests of the assembly.</summary>
    [AssemblyInitialize]
    public static Task Before(TestContext _) => Work.DoAsync(3);

    [TestMethod]
    public void Nothing_r0w0o0()
    {
    }

    [TestMethod]
    public async Task Await_r3w1o1()
    {
        await Work.DoAsync(1);
        await Task.Delay(5);
        await Work.DoAsync(2, 1, 1);
    }

    [TestMethod]
    public void Sync_r1w2o1() => Work.Do(1, 2, 1);

    [TestMethod]
    public Task TaskRun_r4w0o0() => Work.OnTaskRunAsync(4);

    [TestMethod]
    public Task Parallel_r20w0o0() => Work.InParallelAsync(20);

    [TestMethod]
    public Task Timer_r3w0o0() => Work.OnTimerAsync(3);

    [TestMethod]
    public void Thread_r2w0o0() => Work.OnThread(2);

    [TestMethod]
    public void Detached_r2w0o0() => Work.OnDetachedThread(2);

    [TestMethod]
    public Task Served_r3w1o0() => Work.OnServerAsync(3, 1);

    [TestMethod]
    public Task Batch_r2w1o0() => Work.BatchAsync();

    [TestMethod]
    public Task CommonTable_r0w1o0() => Work.CommonTableWriteAsync();

    [TestMethod]
    public Task Transaction() => Work.TransactionAsync();

    [TestMethod]
    public async Task Activity_r1w0o0() => Assert.IsNull(await Work.ActivityWhileReadingAsync());

    [TestMethod]
    [Ignore("never runs")]
    public void Skipped_r9w9o9() => Work.Do(9);

    [TestMethod]
    public void Failing_r1w0o0()
    {
        Work.Do(1);
        Assert.IsFalse(Work.IsWanted("FAIL"));
    }

    [TestMethod]
    [Retry(3)]
    public void Retried_r3w0o0()
    {
        Work.Do(1);
        Assert.AreEqual(3, ++_tries);
    }

    [TestMethod]
    public async Task Hanging_r0w0o0()
    {
        if (Work.IsWanted("HANG"))
            await Task.Delay(TimeSpan.FromMinutes(5));
    }

    [TestMethod]
    public void Crashing_r0w0o0() => Work.CrashIfWanted("CRASH");
}

/// <summary>Four reads before and one write after all tests; one read before and one write after each.</summary>
[TestClass]
public sealed class LifetimeTests
{
    private static int _rowTries;

    public static IEnumerable<object[]> OddRows => [[new Odd(0)], [new Odd(2)], [new Odd(1)]];

    [ClassInitialize]
    public static async Task BeforeAll(TestContext _)
    {
        await Work.DoAsync(4);
        await Work.OnServerAsync(2);
    }

    [ClassCleanup]
    public static async Task AfterAll()
    {
        await Work.DoAsync(0, 1);
        Work.CrashIfWanted("CRASH_IN_TEAR_DOWN");
    }

    [TestInitialize]
    public Task Before() => Work.DoAsync(1);

    [TestCleanup]
    public void After() => Work.Do(0, 1);

    [TestMethod]
    public void First_r2w1o0() => Work.Do(1);

    [TestMethod]
    public void Second_r1w1o0()
    {
    }

    [TestMethod]
    [DataRow(1, 1, 0)]
    [DataRow(2, 1, 0)]
    [DataRow(4, 3, 1)]
    public void Rows(int r, int w, int o) => Work.Do(r - 1, w - 1, o);

    [TestMethod]
    [Retry(2)]
    [DataRow(4, 2, 0)]
    [DataRow(6, 4, 2)]
    public void RetriedRows(int r, int w, int o)
    {
        Work.Do((r / 2) - 1, (w / 2) - 1, o / 2);
        Assert.AreEqual(0, ++_rowTries % 2);
    }

    [TestMethod]
    [DataRow(1)]
    public void Overloaded(int reads) => Work.Do(reads);

    [TestMethod]
    [DataRow(1L)]
    public void Overloaded(long writes)
    {
        Work.Do(0, (int)writes);
        Assert.Fail("as it should");
    }

    [TestMethod]
    [DynamicData(nameof(OddRows))]
    public async Task OddRow(Odd odd)
    {
        await Task.Yield();
        await Work.DoAsync(odd.Reads);
    }
}

/// <summary>Cannot be serialised: VSTest sees one case.</summary>
public sealed class Odd(int reads)
{
    public int Reads => reads;

    public override string ToString() => $"r{reads + 1}w1o0";
}

[TestClass]
public sealed class ManyTests
{
    public static IEnumerable<object[]> Numbers => Work.ManyRows.Select(number => new object[] { number });

    [TestMethod]
    [DynamicData(nameof(Numbers))]
    public Task Many(int number) => Work.DoAsync(number % 3, number % 2);
}

/// <summary>What the hook costs: tests that do nothing, and tests that do one query.</summary>
[TestClass]
public sealed class BenchmarkTests
{
    public static IEnumerable<object[]> Numbers => Work.BenchmarkRows.Select(number => new object[] { number });

    [TestMethod]
    [DynamicData(nameof(Numbers))]
    public void Empty(int number) => Assert.IsTrue(number >= 0);

    [TestMethod]
    [DynamicData(nameof(Numbers))]
    public Task OneQuery(int number) => Work.DoAsync(number >= 0 ? 1 : 0);
}
