using ConcurrentTesting.Record;
using ConcurrentTesting.Tests.Reports;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class FirstTestsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(11)]
    [InlineData(500)]
    public void The_slowest_are_those_that_sorting_brings_to_the_front(int count)
    {
        var random = new Random(count);
        var tests = Enumerable.Range(0, count)
            .Select(_ => RecordedRun.Test($"Test{random.Next(20)}", RecordedRun.Attempt() with { Duration = TimeSpan.FromSeconds(random.Next(8)) }))
            .ToList();

        FirstTests.Slowest(tests, 10).ShouldBe(
            tests.OrderByDescending(test => test.Final.Duration).ThenBy(test => test.Id, StringComparer.Ordinal).Take(10), Same);
    }

    private static readonly IEqualityComparer<TestRecord> Same = EqualityComparer<TestRecord>.Create(ReferenceEquals);
}
