namespace ConcurrentTesting.Record;

/// <summary>Several observers as one; each hears everything, in the order given.</summary>
internal sealed class RunObservers : IRunObserver
{
    private readonly ImmutableArray<IRunObserver> _all;

    private RunObservers(ImmutableArray<IRunObserver> all) => _all = all;

    /// <summary>Those that are there.</summary>
    public static IRunObserver Of(params ReadOnlySpan<IRunObserver?> observers)
    {
        var all = ImmutableArray.CreateBuilder<IRunObserver>(observers.Length);
        foreach (var observer in observers)
        {
            if (observer is not null)
                all.Add(observer);
        }

        return all.Count == 1 ? all[0] : new RunObservers(all.ToImmutable());
    }

    public void Happened(RunEvent happened) => Tell(observer => observer.Happened(happened));

    public void PhaseStarted(string phase) => Tell(observer => observer.PhaseStarted(phase));

    public void Planned(int tests, int workers, TimeSpan expected) => Tell(observer => observer.Planned(tests, workers, expected));

    public void UnitPlanned(UnitPlanned unit) => Tell(observer => observer.UnitPlanned(unit));

    public void TestStarted(TestStarted started) => Tell(observer => observer.TestStarted(started));

    public void TestFinished(TestRecord test, bool isFinal) => Tell(observer => observer.TestFinished(test, isFinal));

    public void WorkerIdle(int worker) => Tell(observer => observer.WorkerIdle(worker));

    public void IncidentHappened(Incident incident) => Tell(observer => observer.IncidentHappened(incident));

    private void Tell(Action<IRunObserver> what)
    {
        foreach (var observer in _all)
            what(observer);
    }
}
