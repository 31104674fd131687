namespace ConcurrentTesting.Reports.Live;

/// <summary>What a run that goes on has said of itself: what it is, its plan, what went wrong outside of tests. Not thread-safe.</summary>
internal sealed class LiveFacts
{
    private readonly List<Incident> _incidents = [];
    private readonly List<OutsideFailed> _outside = [];

    /// <summary>Null before the run's first event.</summary>
    public RunStarted? Started { get; private set; }

    /// <summary>Null as long as there is no plan.</summary>
    public RunPlanned? Planned { get; private set; }

    public void Apply(RunEvent happened)
    {
        switch (happened)
        {
            case RunStarted started:
                Started = started;
                break;
            case RunPlanned planned:
                Planned = planned;
                break;
            case IncidentReported reported:
                _incidents.Add(new Incident(reported.At, reported.Kind, reported.Message, reported.Worker));
                break;
            case OutsideFailed failed:
                _outside.Add(failed);
                break;
        }
    }

    public ImmutableArray<Incident> IncidentsFrom(int first) => [.. _incidents.Skip(first)];

    /// <summary>The failures outside of tests for which no test's failure speaks.</summary>
    /// <param name="failed">The tests that failed; asked for where it matters.</param>
    public ImmutableArray<OutsideFailure> Outside(Func<IReadOnlySet<TestRef>> failed)
    {
        if (_outside.Count == 0)
            return [];
        var tests = failed();
        return
        [
            .. OutsideFailure.Together(_outside.Where(outside => !outside.LeftOpen.Any(tests.Contains)).Select(outside => outside.Failure))
                .Where(failure => !failure.IsFlaky),
        ];
    }
}
