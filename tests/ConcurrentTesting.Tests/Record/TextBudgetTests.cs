using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class TextBudgetTests
{
    [Fact]
    public void The_same_text_is_held_once()
    {
        var budget = new TextBudget();

        var first = budget.Keep(Attempt(message: new string('x', 100)));
        var second = budget.Keep(Attempt(message: new string('x', 100)));

        second.Message.ShouldBeSameAs(first.Message);
    }

    [Fact]
    public void Beyond_the_limit_output_is_left_to_the_test_hosts_file_which_is_named()
    {
        var budget = new TextBudget(limit: 10_000);
        budget.Keep(Attempt(output: new string('a', 10_000))).StandardOutput!.Length.ShouldBe(10_000);

        var kept = budget.Keep(Attempt(output: new string('b', 10_000)));

        kept.StandardOutput.ShouldBe("[10000 characters are left out here, because the tests wrote more than the run holds in memory; worker-3/batch-0007.trx has them]");
    }

    [Fact]
    public void Beyond_the_limit_a_message_keeps_its_beginning_and_its_end()
    {
        var budget = new TextBudget(limit: 1);
        budget.Keep(Attempt(message: "first"));

        var kept = budget.Keep(Attempt(message: "begin" + new string('m', 50_000) + "end", output: "short"));

        kept.Message.ShouldStartWith("begin");
        kept.Message.ShouldEndWith("end");
        kept.Message!.Length.ShouldBeLessThan(3_000);
        kept.StandardOutput.ShouldBe("short");
    }

    [Fact]
    public void Thirty_thousand_failures_and_chatty_tests_take_a_bounded_amount()
    {
        var budget = new TextBudget();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        var kept = Enumerable.Range(0, 30_000).Select(number => budget.Keep(Attempt($"row {number} failed", new string('s', 8_000), new string((char)('a' + (number % 26)), 3_000) + number))).ToList();

        (GC.GetTotalMemory(forceFullCollection: true) - before).ShouldBeLessThan(150L << 20);
        kept.Count.ShouldBe(30_000);
    }

    private static TestAttempt Attempt(string? message = null, string? stack = null, string? output = null) => new()
    {
        Outcome = TestOutcome.Failed,
        Worker = 3,
        Batch = 7,
        Number = 1,
        Message = message,
        StackTrace = stack,
        StandardOutput = output,
    };
}
