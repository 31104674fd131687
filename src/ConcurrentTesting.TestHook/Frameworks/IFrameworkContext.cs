using System.Reflection;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>Knows whose work is being done, by what the test framework keeps beside the running code. It is told what happens; what it has
/// no use for it ignores.</summary>
internal interface IFrameworkContext
{
    /// <summary>Whose work the caller's is: a test's, the fixtures' or no test's. Called on any thread, for every command.</summary>
    Tally Current();

    /// <summary>An assembly was loaded; it may be the framework's.</summary>
    void Loaded(Assembly assembly, string name)
    {
    }

    /// <summary>The adapter begins its work, in whose flow the tests run.</summary>
    void RunStarted()
    {
    }

    /// <summary>VSTest's adapter is about to run a case, on the thread that will.</summary>
    void CaseStarted(TestIdentity testCase)
    {
    }

    /// <summary>VSTest's adapter has the (first) result of a case.</summary>
    void CaseEnded(Guid caseId)
    {
    }

    /// <summary>The framework itself begins a test or row.</summary>
    void TestStarted(string displayName)
    {
    }

    /// <summary>The framework itself has run a test or row.</summary>
    void TestStopped(string displayName)
    {
    }
}
