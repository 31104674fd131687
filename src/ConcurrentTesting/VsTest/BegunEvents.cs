namespace ConcurrentTesting.VsTest;

/// <summary>Passes on what a host tells, knows whether a test has been heard of, and tells of the first.</summary>
internal sealed class BegunEvents(IHostEvents events, Action begin) : IHostEvents
{
    public bool HasBegun { get; private set; }

    public void ResultArrived(HostResult result)
    {
        Begin();
        events.ResultArrived(result);
    }

    public void ActiveTests(IReadOnlyCollection<ToldTest> tests)
    {
        if (tests.Count > 0)
            Begin();
        events.ActiveTests(tests);
    }

    public void Message(HostMessageLevel level, string text) => events.Message(level, text);

    private void Begin()
    {
        if (HasBegun)
            return;
        HasBegun = true;
        begin();
    }
}
