using System.Collections.Immutable;
using System.Xml.Linq;
using ConcurrentTesting.Discovery;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace ConcurrentTesting.Execution;

/// <summary>The seam to what runs tests: one operation at a time, each with an end that tells whether all went well.</summary>
internal interface ITestHost : IAsyncDisposable
{
    /// <summary>
    /// Runs the tests and returns when the run is over, well or not; it does not throw for a host that died. Cancelling ends the run at once,
    /// with all its processes, and makes the host unusable.
    /// </summary>
    /// <param name="events">Hears of each result when it happens, on one thread at a time; must not block.</param>
    Task<HostRunEnd> RunAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken);
}

/// <summary>What a host runs in one go.</summary>
internal sealed record HostRun
{
    public required TestAssembly Assembly { get; init; }

    /// <summary>Where the assembly is for this run; null: where it was built.</summary>
    public string? Source { get; init; }

    public required ImmutableArray<TestCase> Cases { get; init; }

    /// <summary>Selects by name instead of by <see cref="Cases"/>, for tests whose ids differ from process to process.</summary>
    public NameSelection? Selection { get; init; }

    public required ImmutableDictionary<string, string> Environment { get; init; }
    public required string ResultsDirectory { get; init; }
    public required string TrxFileName { get; init; }
    public required int Seed { get; init; }

    /// <summary>Adds to the run settings what the batch needs beyond them.</summary>
    public Action<XElement> Configure { get; init; } = _ => { };
}

/// <summary>How a host's run ended.</summary>
/// <param name="Fault">What went wrong with the host, in one line; null where it ended well, whatever the tests' outcomes.</param>
/// <param name="IsConsoleGone">The console died before the test process did: whatever ran is not to blame.</param>
internal sealed record HostRunEnd(string? Fault, bool IsConsoleGone = false)
{
    /// <summary>The coverage files that collectors left, absolute; null where no coverage was asked for.</summary>
    public ImmutableArray<string>? Coverage { get; init; }
}

/// <summary>Hears what a host does.</summary>
internal interface IHostEvents
{
    void ResultArrived(TestResult result);

    /// <summary>The tests that are running now.</summary>
    void ActiveTests(IReadOnlyCollection<TestCase> tests);

    void Message(HostMessageLevel level, string text);
}

internal enum HostMessageLevel
{
    Information,
    Warning,
    Error,
}
