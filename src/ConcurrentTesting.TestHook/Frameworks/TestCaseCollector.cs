using ConcurrentTesting.TestHook.Measuring;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.DataCollection;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.DataCollector.InProcDataCollector;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.InProcDataCollector;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>What VSTest's test host tells of cases, on the thread of the adapter that tells it. Named in the run settings and made by the
/// test host; the only type here that needs an assembly beyond the shared framework, which every test host has.</summary>
internal sealed class TestCaseCollector : InProcDataCollection
{
    private readonly IFrameworkContext? _context = HookSession.Current?.Meter?.Context;

    public void Initialize(IDataCollectionSink dataCollectionSink)
    {
    }

    public void TestSessionStart(TestSessionStartArgs testSessionStartArgs) => Tell(static (context, _) => context.RunStarted(), false);

    public void TestCaseStart(TestCaseStartArgs testCaseStartArgs) =>
        Tell(static (context, args) =>
            context.CaseStarted(TestIdentity.OfCase(args.TestCase!.Id, args.TestCase.DisplayName)), testCaseStartArgs);

    public void TestCaseEnd(TestCaseEndArgs testCaseEndArgs) =>
        Tell(static (context, args) => context.CaseEnded(args.DataCollectionContext!.TestCase!.Id), testCaseEndArgs);

    public void TestSessionEnd(TestSessionEndArgs testSessionEndArgs) => HookSession.Current?.Meter?.Flush();

    private void Tell<T>(Action<IFrameworkContext, T> what, T argument)
    {
        try
        {
            if (_context is not null)
                what(_context, argument);
        }
        catch (Exception exception)
        {
            HookSession.Current?.Report("test case event", exception);
        }
    }
}
