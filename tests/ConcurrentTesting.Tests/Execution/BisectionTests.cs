using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Execution;

public sealed class BisectionTests : IAsyncDisposable
{
    private readonly TestEntry[] _tests = [.. Enumerable.Range(0, 9).Select(number => Catalogs.Entry(Catalogs.Assembly(), "Shop.Orders", $"Test{number}"))];
    private readonly FakeRun _run = new();

    private TestEntry Failing => _tests[^1];

    public ValueTask DisposeAsync() => _run.DisposeAsync();

    [Theory, InlineData(0), InlineData(3), InlineData(7)]
    public async Task The_one_test_that_another_depends_on_is_found(int culprit)
    {
        var result = await FindAsync(before => before.Contains(_tests[culprit]));

        result.Culprits.ShouldBe([_tests[culprit]]);
        result.Answer.ShouldBe($"{Failing.DisplayName} fails when {_tests[culprit].DisplayName} ran before it.");
    }

    [Fact]
    public async Task A_test_that_fails_alone_depends_on_none() => (await FindAsync(_ => true)).Culprits.ShouldBeEmpty();

    [Fact]
    public async Task A_test_that_needs_two_others_names_what_is_left() =>
        (await FindAsync(before => before.Contains(_tests[0]) && before.Contains(_tests[7]))).Culprits.Length.ShouldBe(8);

    [Fact]
    public async Task What_probes_fail_stops_no_run()
    {
        await using var run = new FakeRun(settings => settings with { FailFast = 1 });

        await run.Bisection((asked, events, _) => FakeHost.GiveAll(asked, events, _ => TestOutcome.Failed))
            .FindAsync([FakeRun.Batch(_tests)], Failing, TestContext.Current.CancellationToken);

        run.Context.Stop.Reason.ShouldBeNull();
    }

    private Task<ConcurrentTesting.Execution.BisectionResult> FindAsync(Func<IReadOnlyList<TestEntry>, bool> fails) => _run
        .Bisection((asked, events, _) => FakeHost.GiveAll(asked, events, entry => entry.Equals(Failing) && fails([.. asked.Entries.Where(other => !other.Equals(Failing))]) ? TestOutcome.Failed : TestOutcome.Passed))
        .FindAsync([FakeRun.Batch(_tests)], Failing, TestContext.Current.CancellationToken);
}
