using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Tests.Execution;

/// <summary>Hosts of a worker whose runs are what a test says.</summary>
internal sealed class FakeHosts(Func<HostRun, IHostEvents, CancellationToken, Task<HostRunEnd>> run) : ITestHosts
{
    public bool IsDisposed { get; private set; }

    /// <summary>What a host was asked for.</summary>
    public List<HostBinding> Bindings { get; } = [];

    /// <summary>In order: <c>ask</c> for a host, <c>end</c> of its processes.</summary>
    public List<string> Asked { get; } = [];

    public IdleEnd? IdleEnd => null;

    public Task<ITestHost> ForAsync(HostBinding bound, CancellationToken cancellationToken)
    {
        Bindings.Add(bound);
        Asked.Add("ask");
        return Task.FromResult<ITestHost>(new FakeHost(bound, run));
    }

    public Task EndProcessesAsync()
    {
        Asked.Add("end");
        return Task.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return ValueTask.CompletedTask;
    }
}

internal sealed class FakeHost(HostBinding bound, Func<HostRun, IHostEvents, CancellationToken, Task<HostRunEnd>> run) : ITestHost
{
    public static HostRunEnd WellEnded { get; } = new(null);

    public HostBinding Bound => bound;

    public int? WarmProcess => null;

    public bool IsTelling => false;

    public Task<HostRunEnd> RunAsync(HostRun hostRun, IHostEvents events, CancellationToken cancellationToken) => run(hostRun, events, cancellationToken);

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
