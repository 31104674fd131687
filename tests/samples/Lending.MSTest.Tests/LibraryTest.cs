using Microsoft.Extensions.Time.Testing;

namespace Lending.MSTest.Tests;

/// <summary>A test of the library, alone on its database from before its first line to after its last.</summary>
public abstract class LibraryTest
{
    private LendingTest? _test;

    public TestContext TestContext { get; set; } = null!;

    protected Library Library => Test.Library;

    protected Given Given => Test.Given;

    protected FakeTimeProvider Clock => Test.Clock;

    protected LendingTest Test => _test ?? throw new InvalidOperationException("The test has not started.");

    protected CancellationToken Stop => TestContext.CancellationToken;

    [TestInitialize]
    public async Task StartAsync() =>
        _test = await LendingTest.StartAsync($"{TestContext.FullyQualifiedTestClassName}.{TestContext.TestDisplayName}");

    [TestCleanup]
    public async Task FinishAsync()
    {
        if (_test is not null)
            await _test.FinishAsync();
    }

    protected Task WaitAsync(int milliseconds) => Task.Delay(milliseconds, Stop);

    protected static async Task RefusedAsync(Refusal reason, Func<Task> action) =>
        Assert.AreEqual(reason, (await Assert.ThrowsExactlyAsync<LendingRefusedException>(action)).Reason);
}
