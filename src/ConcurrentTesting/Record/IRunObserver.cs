namespace ConcurrentTesting.Record;

/// <summary>Hears what happens in a run as it happens. Called from several threads; implementations must not block and must not
/// throw.</summary>
internal interface IRunObserver
{
    /// <summary>Every event, before the call below that stands for it where there is one.</summary>
    void Happened(RunEvent happened)
    {
    }

    /// <summary>A phase begins: <c>build</c>, <c>discovery</c>, <c>template</c>, <c>tests</c>, <c>reports</c>.</summary>
    void PhaseStarted(string phase)
    {
    }

    /// <summary>The plan is made, of the units that were told before.</summary>
    void Planned(int tests, int workers, TimeSpan expected)
    {
    }

    void UnitPlanned(UnitPlanned unit)
    {
    }

    void TestStarted(TestStarted started)
    {
    }

    /// <summary>A result arrived; <paramref name="isFinal"/> is false where the test will be tried again.</summary>
    void TestFinished(TestRecord test, bool isFinal)
    {
    }

    void WorkerIdle(int worker)
    {
    }

    void IncidentHappened(Incident incident)
    {
    }
}
