using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>The one test that runs at a time: it begins when it becomes the running one, and ends when another or none does.</summary>
internal sealed class RunningTest(Ledger ledger)
{
    private readonly object _gate = new();
    private TestScope? _running;

    public bool Is(Tally tally)
    {
        lock (_gate)
            return ReferenceEquals(_running, tally);
    }

    /// <param name="scope">Null: no test runs.</param>
    public void Become(TestScope? scope)
    {
        TestScope? ended;
        lock (_gate)
        {
            if (ReferenceEquals(_running, scope))
                return;
            ended = _running;
            ended?.End();
            _running = scope;
            scope?.Begin();
        }

        if (ended is not null)
            ledger.Send(ended);
    }
}
