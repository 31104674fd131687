extern alias hook;

using hook::ConcurrentTesting.TestHook.Measuring;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class SlowStatementsTests
{
    private readonly SlowStatements _statements = new();

    [Fact]
    public void A_statement_is_told_once_with_its_longest_time()
    {
        Add("SELECT a", 20);
        Add("SELECT a", 30);
        Add("SELECT a", 10);

        Told().ShouldBe([("SELECT a", 30)]);
    }

    [Fact]
    public void The_slowest_five_are_kept_and_told_in_order()
    {
        foreach (var milliseconds in new[] { 40, 10, 60, 20, 50, 30, 70 })
            Add($"SELECT {milliseconds}", milliseconds);
        Add("SELECT 40", 80);

        Told().Select(told => told.Text).ShouldBe(["SELECT 40", "SELECT 70", "SELECT 60", "SELECT 50", "SELECT 30"]);
    }

    [Fact]
    public async Task Threads_of_a_test_may_run_statements_side_by_side()
    {
        await Parallel.ForAsync(1, 1001, TestContext.Current.CancellationToken, (number, _) =>
        {
            Add($"SELECT {number}", number);
            return ValueTask.CompletedTask;
        });

        Told().Select(told => told.Milliseconds).ShouldBe([1000, 999, 998, 997, 996]);
    }

    private void Add(string text, int milliseconds) => _statements.Add(text, TimeSpan.FromMilliseconds(milliseconds));

    private IEnumerable<(string Text, int Milliseconds)> Told() => _statements.Slowest().Select(told => (told.Key, (int)(told.Value / TimeSpan.TicksPerMillisecond)));
}
