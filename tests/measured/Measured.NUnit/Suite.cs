using NUnit.Framework;

namespace Measured.NUnit;

/// <summary>Three reads before and one write after all tests of the namespace.</summary>
[SetUpFixture]
public sealed class NamespaceSetUp
{
    [OneTimeSetUp]
    public Task Before() => Work.DoAsync(3);

    [OneTimeTearDown]
    public void After()
    {
        Work.Do(0, 1);
        Work.CrashIfWanted("CRASH_IN_TEAR_DOWN");
    }
}

[Parallelizable(ParallelScope.All)]
public sealed class WorkTests
{
    [Test]
    public void Nothing_r0w0o0()
    {
    }

    [Test]
    public async Task Await_r3w1o1()
    {
        await Work.DoAsync(1);
        await Task.Delay(5);
        await Work.DoAsync(2, 1, 1);
    }

    [Test]
    public void Sync_r1w2o1() => Work.Do(1, 2, 1);

    [Test]
    public Task TaskRun_r4w0o0() => Work.OnTaskRunAsync(4);

    [Test]
    public Task Parallel_r20w0o0() => Work.InParallelAsync(20);

    [Test]
    public Task Timer_r3w0o0() => Work.OnTimerAsync(3);

    [Test]
    public void Thread_r2w0o0() => Work.OnThread(2);

    [Test]
    public void Detached_r2w0o0() => Work.OnDetachedThread(2);

    [Test]
    public Task Served_r3w1o0() => Work.OnServerAsync(3, 1);

    [Test]
    public Task Batch_r2w1o0() => Work.BatchAsync();

    [Test]
    public Task Slow_r1w0o0() => Work.SlowReadAsync();

    [Test]
    public Task CommonTable_r0w1o0() => Work.CommonTableWriteAsync();

    [Test]
    public Task Transaction() => Work.TransactionAsync();

    [Test]
    public async Task Activity_r1w0o0() => Assert.That(await Work.ActivityWhileReadingAsync(), Is.Null);

    [Test]
    [Ignore("never runs")]
    public void Skipped_r9w9o9() => Work.Do(9);

    [Test]
    [Repeat(3)]
    public void Repeated_r3w0o0() => Work.Do(1);

    [Test]
    public void Failing_r1w0o0()
    {
        Work.Do(1);
        Assert.That(Work.IsWanted("FAIL"), Is.False);
    }

    [Test]
    public async Task Hanging_r0w0o0()
    {
        if (Work.IsWanted("HANG"))
            await Task.Delay(TimeSpan.FromMinutes(5));
    }

    [Test]
    public void Crashing_r0w0o0()
    {
        Work.CrashIfWanted("CRASH");
        if (Work.IsWanted("CRASH_AFTER_READS"))
        {
            Work.Do(5);
            Thread.Sleep(TimeSpan.FromSeconds(1));
        }

        Work.CrashIfWanted("CRASH_AFTER_READS");
    }
}

/// <summary>Four reads before and one write after all tests; one read before and one write after each.</summary>
public sealed class LifetimeTests
{
    [OneTimeSetUp]
    public Task BeforeAll()
    {
        Work.Do(4);
        return Work.OnServerAsync(2);
    }

    [OneTimeTearDown]
    public Task AfterAll() => Work.DoAsync(0, 1);

    [SetUp]
    public Task Before() => Work.DoAsync(1);

    [TearDown]
    public void After() => Work.Do(0, 1);

    [Test]
    public void First_r2w1o0() => Work.Do(1);

    [Test]
    public void Second_r1w1o0()
    {
    }

    [TestCase(1, 1, 0)]
    [TestCase(2, 1, 0)]
    [TestCase(4, 3, 1)]
    [TestCase(2, 1, 0)]
    public void Rows(int r, int w, int o) => Work.Do(r - 1, w - 1, o);
}

/// <summary>The same tests with other arguments: each has reads of its own.</summary>
[TestFixture(1)]
[TestFixture(3)]
public sealed class ArgumentTests(int reads) : InheritedTests(reads);

public abstract class InheritedTests(int reads)
{
    [Test]
    public void Reads() => Work.Do(reads);

    [TestCase(1)]
    [TestCase(2)]
    public void Writes(int writes) => Work.Do(reads, writes);
}

public sealed class ManyTests
{
    private static IEnumerable<int> Numbers => Work.ManyRows;

    [TestCaseSource(nameof(Numbers))]
    public Task Many(int number) => Work.DoAsync(number % 3, number % 2);
}

/// <summary>Names that XML, in which NUnit's adapter gets them, cannot hold.</summary>
public sealed class OddNameTests
{
    private static IEnumerable<TestCaseData> Odd =>
        [new TestCaseData().SetName("Odd_r2w1o0_\u0007"), new TestCaseData().SetName("Odd_r2w1o0_\ud83d"), new TestCaseData().SetName("Odd_r2w1o0_\u001b[31m")];

    [TestCaseSource(nameof(Odd))]
    public void Named() => Work.Do(2, 1);
}

/// <summary>What the hook costs: tests that do nothing, and tests that do one query.</summary>
public sealed class BenchmarkTests
{
    private static IEnumerable<int> Numbers => Work.BenchmarkRows;

    [TestCaseSource(nameof(Numbers))]
    public void Empty(int number) => Assert.That(number, Is.GreaterThanOrEqualTo(0));

    [TestCaseSource(nameof(Numbers))]
    public Task OneQuery(int number) => Work.DoAsync(number >= 0 ? 1 : 0);
}
