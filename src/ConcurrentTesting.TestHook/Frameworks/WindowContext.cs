using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>A framework without a context of its own: what happens between a case's begin and its end is the case's, because a process runs
/// one at a time.</summary>
internal sealed class WindowContext(Ledger ledger) : IFrameworkContext
{
    private readonly AsyncLocal<string?> _run = new();
    private volatile TestScope? _running;

    public Tally Current() => _running ?? (_run.Value is null ? ledger.NoTest : ledger.Fixtures);

    public void RunStarted() => _run.Value = "run";

    public void CaseStarted(TestIdentity testCase)
    {
        var scope = ledger.Add(testCase, isWholeCase: true);
        scope.Begin();
        _running = scope;
    }

    public void CaseEnded(Guid caseId)
    {
        if (_running is not { } scope || scope.Test.CaseId != caseId)
            return;
        _running = null;
        scope.End();
        ledger.Send(scope);
    }
}
