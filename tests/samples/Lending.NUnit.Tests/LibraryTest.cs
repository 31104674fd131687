using Microsoft.Extensions.Time.Testing;

namespace Lending.NUnit.Tests;

/// <summary>A test of the library, alone on its database from before its first line to after its last.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public abstract class LibraryTest
{
    private LendingTest? _test;

    protected Library Library => Test.Library;

    protected Given Given => Test.Given;

    protected FakeTimeProvider Clock => Test.Clock;

    protected LendingTest Test => _test ?? throw new InvalidOperationException("The test has not started.");

    [SetUp]
    public async Task StartAsync() => _test = await LendingTest.StartAsync(TestContext.CurrentContext.Test.FullName);

    [TearDown]
    public async Task FinishAsync()
    {
        if (_test is not null)
            await _test.FinishAsync();
    }

    protected static async Task RefusedAsync(Refusal reason, Func<Task> action)
    {
        LendingRefusedException? refused = null;
        try
        {
            await action();
        }
        catch (LendingRefusedException problem)
        {
            refused = problem;
        }

        Assert.That(refused?.Reason, Is.EqualTo(reason));
    }
}
