extern alias hook;

using hook::ConcurrentTesting.TestHook.Measuring;
using hook::ConcurrentTesting.TestHook.Statements;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class RepeatedQueriesTests
{
    [Fact]
    public void A_query_that_comes_after_many_others_is_seen_to_repeat()
    {
        var queries = new RepeatedQueries();
        var early = new RepeatableQuery("early");
        var late = new RepeatableQuery("late");
        Add(queries, early, 9);
        for (var number = 0; number < 1_000; number++)
            queries.Add(new RepeatableQuery($"once {number}"));

        Add(queries, late, 7);
        Add(queries, early, 1);

        queries.Most().ShouldBe([KeyValuePair.Create(early, 10), KeyValuePair.Create(late, 7)]);
    }

    private static void Add(RepeatedQueries queries, RepeatableQuery query, int times)
    {
        for (var time = 0; time < times; time++)
            queries.Add(query);
    }
}
