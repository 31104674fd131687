extern alias hook;

using hook::ConcurrentTesting.TestHook.Frameworks;
using hook::ConcurrentTesting.TestHook.Measuring;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class OwnedTalliesTests
{
    [Fact]
    public void Parallel_first_commands_of_a_test_share_one_tally()
    {
        var tallies = new OwnedTallies<Tally>();
        var tests = Enumerable.Range(0, 20_000).Select(_ => new object()).ToArray();
        var made = 0;
        using var together = new Barrier(4);
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            together.SignalAndWait();
            foreach (var test in tests)
            {
                tallies.Of(test, _ =>
                {
                    Interlocked.Increment(ref made);
                    return new Tally();
                }).Connection();
            }
        })).ToList();

        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        made.ShouldBe(tests.Length);
        tests.ShouldAllBe(test => tallies.Of(test, _ => new Tally()).Connections == 4);
    }
}
