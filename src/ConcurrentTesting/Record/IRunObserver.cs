using ConcurrentTesting.Catalog;

namespace ConcurrentTesting.Record;

/// <summary>Hears what happens in a run as it happens. Called from several threads; implementations must not block and must not throw.</summary>
internal interface IRunObserver
{
    /// <summary>A phase begins: <c>build</c>, <c>discovery</c>, <c>template</c>, <c>tests</c>, <c>reports</c>.</summary>
    void PhaseStarted(string phase)
    {
    }

    /// <summary>The plan is made.</summary>
    void Planned(int tests, int workers, TimeSpan expected)
    {
    }

    void TestStarted(int worker, TestEntry entry)
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
