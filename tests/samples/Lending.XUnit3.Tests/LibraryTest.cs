using Microsoft.Extensions.Time.Testing;

namespace Lending.XUnit3.Tests;

/// <summary>A test of the library, alone on its database from before its first line to after its last.</summary>
public abstract class LibraryTest : IAsyncLifetime
{
    private LendingTest? _test;

    protected Library Library => Test.Library;

    protected Given Given => Test.Given;

    protected FakeTimeProvider Clock => Test.Clock;

    protected LendingTest Test => _test ?? throw new InvalidOperationException("The test has not started.");

    protected static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _test = await LendingTest.StartAsync(TestContext.Current.Test?.TestDisplayName ?? GetType().FullName!);

    public async ValueTask DisposeAsync()
    {
        if (_test is not null)
            await _test.FinishAsync();
        GC.SuppressFinalize(this);
    }

    protected static Task WaitAsync(int milliseconds) => Task.Delay(milliseconds, Stop);

    protected static async Task RefusedAsync(Refusal reason, Func<Task> action) =>
        Assert.Equal(reason, (await Assert.ThrowsAsync<LendingRefusedException>(action)).Reason);
}
