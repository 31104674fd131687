using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Tests.Execution;

/// <summary>A host whose runs are what a test says.</summary>
internal sealed class FakeHost(Func<HostRun, IHostEvents, CancellationToken, Task<HostRunEnd>> run) : ITestHost
{
    public static HostRunEnd WellEnded { get; } = new(null);

    public bool IsDisposed { get; private set; }

    public bool IsTelling => false;

    public IdleEnd? IdleEnd => null;

    public Task PrepareAsync(TestAssembly assembly, CancellationToken cancellationToken) => Task.CompletedTask;

    public int? KeptProcess(TestAssembly assembly) => null;

    public Task EndProcessesAsync() => Task.CompletedTask;

    public Task<HostRunEnd> RunAsync(HostRun hostRun, IHostEvents events, CancellationToken cancellationToken) => run(hostRun, events, cancellationToken);

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }

    public static ToldTest Told(TestEntry entry) =>
        new(entry.Id, entry.FullyQualifiedName, entry.DisplayName, entry.ClassName, entry.MethodName, entry.IsMethodKnown);

    public static HostResult Result(TestEntry entry, TestOutcome outcome) => new()
    {
        Test = Told(entry),
        DisplayName = entry.DisplayName,
        Outcome = outcome,
        Duration = TimeSpan.FromSeconds(1),
        Message = outcome == TestOutcome.Failed ? "Expected 1, was 2" : null,
    };

    /// <summary>Gives one result a test, in their order, and ends well.</summary>
    public static Task<HostRunEnd> GiveAll(HostRun run, IHostEvents events, Func<TestEntry, TestOutcome> outcomeOf)
    {
        foreach (var entry in run.Entries)
        {
            events.ActiveTests([Told(entry)]);
            events.ResultArrived(Result(entry, outcomeOf(entry)));
        }

        events.ActiveTests([]);
        return Task.FromResult(WellEnded);
    }
}
