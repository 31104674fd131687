using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

public sealed class PhaseSpanTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Fact]
    public void A_phase_that_machines_went_through_side_by_side_is_one_and_a_pause_between_two_is_none()
    {
        var together = PhaseSpan.Together([Span("tests", 4, 9), Span("tests", 3, 5), Span("build", 0, 3), Span("build", 1, 2), Span("tests", 20, 22), Span("tests", 21, 30)]);

        together.ShouldBe([Span("build", 0, 3), Span("tests", 3, 9), Span("tests", 20, 30)]);
    }

    private static PhaseSpan Span(string phase, int from, int to) => new(phase, Start.AddSeconds(from), TimeSpan.FromSeconds(to - from));
}
