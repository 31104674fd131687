using Microsoft.Extensions.Time.Testing;

namespace Lending.XUnit2.Tests;

/// <summary>A test of the library, alone on its database from before its first line to after its last.</summary>
public abstract class LibraryTest : IAsyncLifetime
{
    private LendingTest? _test;

    protected Library Library => Test.Library;

    protected Given Given => Test.Given;

    protected FakeTimeProvider Clock => Test.Clock;

    protected LendingTest Test => _test ?? throw new InvalidOperationException("The test has not started.");

    public async Task InitializeAsync() => _test = await LendingTest.StartAsync(GetType().FullName!);

    public Task DisposeAsync() => _test?.FinishAsync() ?? Task.CompletedTask;
}
