using System.Xml.Linq;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities;
using Microsoft.VisualStudio.TestPlatform.CommunicationUtilities.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Engine.ClientProtocol;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

namespace ConcurrentTesting.VsTest;

/// <summary>A run of one test that no adapter knows: the test host compiles what it needs to run any, and loads nothing of the user's,
/// because no adapter is asked.</summary>
internal sealed class Rehearsal : HostOperation
{
    private const string Executor = "executor://concurrent-test/rehearsal";

    private Rehearsal(object criteria)
        : base(MessageType.ExecutionInitialize, MessageType.StartTestExecutionWithTests, criteria)
    {
    }

    /// <param name="runSettings">Without loggers and collectors.</param>
    public static Rehearsal Of(TestAssembly assembly, string runSettings)
    {
        var test = new TestCase("Rehearsal.Test", new Uri(Executor), assembly.Path);
        var context = new TestExecutionContext(
            1, TimeSpan.FromSeconds(1), inIsolation: false, keepAlive: false, isDataCollectionEnabled: false,
            areTestCaseLevelEventsRequired: false, hasTestRun: true, isDebug: false, testCaseFilter: null, filterOptions: null);
        return new Rehearsal(new TestRunCriteriaWithTests([test], null, Quiet(runSettings), context));
    }

    // Running no test is no error here.
    private static string Quiet(string runSettings)
    {
        var settings = XElement.Parse(runSettings);
        settings.Descendants("TreatNoTestsAsError").Remove();
        return settings.ToString(SaveOptions.DisableFormatting);
    }

    /// <summary>The platform says that nobody runs such a test.</summary>
    public static bool IsToldIn(string message) => message.Contains(Executor, StringComparison.Ordinal);

    /// <summary>It has no tests to tell of.</summary>
    public override bool Take(MessageReader reader, ReadOnlySpan<byte> message) => false;

    /// <summary>The process ended.</summary>
    public override void Abort(string? reason)
    {
    }

    protected override bool TakeAnswer(Message message)
    {
        if (message.MessageType == MessageType.ExecutionComplete)
            Complete();
        return true;
    }

    protected override void Say(TestMessageLevel level, string? text)
    {
    }
}
