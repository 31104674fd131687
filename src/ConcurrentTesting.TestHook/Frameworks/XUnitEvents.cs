using System.Diagnostics.Tracing;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>The begin and end of each test that xunit 2 and v3 tell an <see cref="EventListener"/>, on the thread of the test.</summary>
internal sealed class XUnitEvents : EventListener
{
    private const string SourceName = "xUnit.TestEventSource";
    private const int TestStart = 1;
    private const int TestStop = 2;

    private readonly IFrameworkContext _context;
    private readonly Action<string, Exception> _report;

    private XUnitEvents(IFrameworkContext context, Action<string, Exception> report)
    {
        _context = context;
        _report = report;
    }

    /// <summary>Listens as long as the process lives.</summary>
    public static void Listen(IFrameworkContext context, Action<string, Exception> report) => _ = new XUnitEvents(context, report);

    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == SourceName)
            EnableEvents(eventSource, EventLevel.Informational);
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        try
        {
            if (eventData.EventId is not (TestStart or TestStop) || eventData.Payload is not [string name, ..])
                return;
            if (eventData.EventId == TestStart)
                _context.TestStarted(name);
            else
                _context.TestStopped(name);
        }
        catch (Exception exception)
        {
            _report("xunit event", exception);
        }
    }
}
