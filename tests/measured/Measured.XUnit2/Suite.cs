using Xunit;

namespace Measured.XUnit;

public sealed class WorkTests
{
    [Fact]
    public void Nothing_r0w0o0()
    {
    }

    [Fact]
    public async Task Await_r3w1o1()
    {
        await Work.DoAsync(1);
        await Task.Delay(5);
        await Work.DoAsync(2, 1, 1);
    }

    [Fact]
    public void Sync_r1w2o1() => Work.Do(1, 2, 1);

    [Fact]
    public Task TaskRun_r4w0o0() => Work.OnTaskRunAsync(4);

    [Fact]
    public Task Parallel_r20w0o0() => Work.InParallelAsync(20);

    [Fact]
    public Task Timer_r3w0o0() => Work.OnTimerAsync(3);

    [Fact]
    public void Thread_r2w0o0() => Work.OnThread(2);

    [Fact]
    public void Detached_r2w0o0() => Work.OnDetachedThread(2);

    [Fact]
    public Task Served_r3w1o0() => Work.OnServerAsync(3, 1);

    [Fact]
    public Task Batch_r2w1o0() => Work.BatchAsync();

    [Fact]
    public Task CommonTable_r0w1o0() => Work.CommonTableWriteAsync();

    [Fact]
    public Task Transaction() => Work.TransactionAsync();

    [Fact]
    public async Task Activity_r1w0o0() => Assert.Null(await Work.ActivityWhileReadingAsync());

    [Fact(Skip = "never runs")]
    public void Skipped_r9w9o9() => Work.Do(9);

    [Fact]
    public void Failing_r1w0o0()
    {
        Work.Do(1);
        Assert.False(Work.IsWanted("FAIL"), "wanted");
    }

    [Fact]
    public async Task Hanging_r0w0o0()
    {
        if (Work.IsWanted("HANG"))
            await Task.Delay(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public void Crashing_r0w0o0() => Work.CrashIfWanted("CRASH");
}

/// <summary>One read in the constructor, one write in the disposal.</summary>
public sealed class LifetimeTests : IDisposable
{
    public LifetimeTests() => Work.Do(1);

    public static TheoryData<Odd> OddRows => [new Odd(0), new Odd(1), new Odd(2), new Odd(1)];

    [Fact]
    public void First_r2w1o0() => Work.Do(1);

    [Fact]
    public void Second_r1w1o0()
    {
    }

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(2, 1, 0)]
    [InlineData(4, 3, 1)]
    public void Rows(int r, int w, int o) => Work.Do(r - 1, w - 1, o);

#pragma warning disable xUnit1045 // Rows that cannot be serialised are one case with many results.
    [Theory]
    [MemberData(nameof(OddRows))]
    public void OddRow(Odd odd) => Work.Do(odd.Reads);
#pragma warning restore xUnit1045

    public void Dispose() => Work.Do(0, 1);
}

/// <summary>Cannot be serialised: VSTest sees one case.</summary>
public sealed class Odd(int reads)
{
    public int Reads => reads;

    public override string ToString() => $"r{reads + 1}w1o0";
}

public sealed class AsyncLifetimeTests : IAsyncLifetime
{
    public static TheoryData<Odd> OddRows => [new Odd(0), new Odd(3), new Odd(1)];

#if XUNIT3
    public async ValueTask InitializeAsync()
#else
    public async Task InitializeAsync()
#endif
    {
        await Task.Delay(1);
        await Work.DoAsync(1);
    }

    [Fact]
    public Task Only_r2w1o0() => Work.DoAsync(1);

#pragma warning disable xUnit1045
    [Theory]
    [MemberData(nameof(OddRows))]
    public async Task OddRow(Odd odd)
    {
        await Task.Yield();
        await Work.DoAsync(odd.Reads);
    }
#pragma warning restore xUnit1045

#if XUNIT3
    public async ValueTask DisposeAsync()
#else
    public async Task DisposeAsync()
#endif
    {
        await Task.Delay(1);
        await Work.DoAsync(0, 1);
    }
}

/// <summary>A server within the process has work before each test, in it and after it.</summary>
public sealed class ServedTests : IAsyncLifetime
{
#if XUNIT3
    public async ValueTask InitializeAsync() => await Work.OnServerAsync(2);
#else
    public Task InitializeAsync() => Work.OnServerAsync(2);
#endif

    [Fact]
    public Task First_r3w1o0() => Work.OnServerAsync(1);

    [Fact]
    public void Second_r2w1o0()
    {
    }

#if XUNIT3
    public async ValueTask DisposeAsync() => await Work.OnServerAsync(0, 1);
#else
    public Task DisposeAsync() => Work.OnServerAsync(0, 1);
#endif
}

/// <summary>Four reads before and one write after all tests of the class.</summary>
public sealed class ClassFixture : IDisposable
{
    public ClassFixture()
    {
        Work.Do(4);
        Work.OnServerAsync(2).Wait();
    }

    public void Dispose()
    {
        Work.Do(0, 1);
        Work.CrashIfWanted("CRASH_IN_TEAR_DOWN");
    }
}

public sealed class FixtureTests(ClassFixture fixture) : IClassFixture<ClassFixture>
{
    [Fact]
    public void One_r1w0o0() => Work.Do(fixture is null ? 0 : 1);

    [Fact]
    public void Two_r0w0o0() => Assert.NotNull(fixture);
}

/// <summary>Three reads before all tests of the collection.</summary>
public sealed class CollectionFixture
{
    public CollectionFixture() => Task.Run(() => Work.Do(3)).Wait();
}

[CollectionDefinition("shared")]
#pragma warning disable CA1711
public sealed class SharedCollection : ICollectionFixture<CollectionFixture>;
#pragma warning restore CA1711

[Collection("shared")]
public sealed class CollectionTests
{
    [Fact]
    public Task Read_r1w0o0() => Work.DoAsync(1);
}

public sealed class ManyTests
{
    public static TheoryData<int> Numbers => new(Work.ManyRows);

    [Theory]
    [MemberData(nameof(Numbers))]
    public Task Many(int number) => Work.DoAsync(number % 3, number % 2);
}

/// <summary>What the hook costs: tests that do nothing, and tests that do one query.</summary>
public sealed class BenchmarkTests
{
    public static TheoryData<int> Numbers => new(Work.BenchmarkRows);

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Empty(int number) => Assert.True(number >= 0);

    [Theory]
    [MemberData(nameof(Numbers))]
    public Task OneQuery(int number) => Work.DoAsync(number >= 0 ? 1 : 0);
}
