using System.Xml.Linq;

namespace ConcurrentTesting.VsTest;

/// <summary>The test hosts of one worker, of which one is in use at a time.</summary>
internal interface ITestHosts : IAsyncDisposable
{
    /// <summary>The host for what is bound: the one in use where it serves, else another, before which the one in use has ended. Trying
    /// again to start what it takes is done here.</summary>
    Task<ITestHost> ForAsync(HostBinding bound, CancellationToken cancellationToken);

    /// <summary>Ends warm test processes: what they worked with is about to change.</summary>
    Task EndProcessesAsync();

    /// <summary>A test process that lived on after its last run and has ended since, although nobody ended it; null where there is
    /// none.</summary>
    IdleEnd? IdleEnd { get; }
}

/// <summary>What a test host is for: the tests of one assembly, with the databases of one lease.</summary>
/// <param name="Environment">What the lease tells test processes.</param>
internal sealed record HostBinding(TestAssembly Assembly, ImmutableDictionary<string, string> Environment)
{
    public bool IsSame(HostBinding other) =>
        Assembly.Path == other.Assembly.Path
        && (ReferenceEquals(Environment, other.Environment)
            || (Environment.Count == other.Environment.Count && Environment.All(other.Environment.Contains)));
}

/// <summary>The seam to what runs tests: one operation at a time, each with an end that tells whether all went well.</summary>
internal interface ITestHost
{
    HostBinding Bound { get; }

    /// <summary>The id of the warm test process, which has run tests and would run further ones; null where there is none, or can be
    /// none.</summary>
    int? WarmProcess { get; }

    /// <summary>A result is on its way or being read: how long that takes is no test's time.</summary>
    bool IsTelling { get; }

    /// <summary>How long its process had been starting before anybody asked for the host.</summary>
    TimeSpan StartedBefore => TimeSpan.Zero;

    /// <summary>Runs the tests and returns when the run is over, well or not; it does not throw for a host that died. Cancelling ends the
    /// run at once, with all its processes, and makes the host unusable.</summary>
    /// <param name="events">Hears of each result when it happens, on one thread at a time; must not block.</param>
    Task<HostRunEnd> RunAsync(HostRun run, IHostEvents events, CancellationToken cancellationToken);
}

/// <summary>A test process ended while nothing ran in it.</summary>
/// <param name="Batch">The number of the last batch that it ran.</param>
/// <param name="Fault">What is known of it.</param>
/// <param name="Process">The process, with how it ended.</param>
internal sealed record IdleEnd(int Batch, string Fault, HookedProcess Process);

/// <summary>What a host runs in one go.</summary>
internal sealed record HostRun
{
    /// <summary>The batch's number, unique in the run.</summary>
    public required int Batch { get; init; }

    /// <summary>Whether nothing of earlier runs may be in the test process.</summary>
    public bool NeedsFreshProcess { get; init; }

    public required ImmutableArray<TestEntry> Entries { get; init; }

    /// <summary>Selects by name instead of by id, for tests whose ids differ from process to process; null: by id.</summary>
    public NameSelection? Selection { get; init; }

    /// <summary>What its test process is told beside the lease's variables.</summary>
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
    /// <summary>The test process had run tests before.</summary>
    public bool WasWarm { get; init; }

    /// <summary>The coverage files that collectors left, absolute; null where no coverage was asked for.</summary>
    public ImmutableArray<string>? Coverage { get; init; }
}

/// <summary>Hears what a host does.</summary>
internal interface IHostEvents
{
    void ResultArrived(HostResult result);

    /// <summary>The tests that are running now.</summary>
    void ActiveTests(IReadOnlyCollection<ToldTest> tests);

    void Message(HostMessageLevel level, string text);
}

/// <summary>A test as a host names it.</summary>
/// <param name="MethodName">Without arguments; see <see cref="TestEntry.MethodName"/>.</param>
/// <param name="IsMethodKnown">See <see cref="TestEntry.IsMethodKnown"/>.</param>
internal sealed record ToldTest(
    Guid Id, string FullyQualifiedName, string DisplayName, string ClassName, string MethodName, bool IsMethodKnown)
{
    /// <summary>See <see cref="TestEntry.IsExplicit"/>.</summary>
    public bool IsExplicit { get; init; }
}

/// <summary>A result as a host tells it: secrets are in it, and texts of any length.</summary>
internal sealed record HostResult
{
    public required ToldTest Test { get; init; }

    /// <summary>The name of its row.</summary>
    public required string DisplayName { get; init; }

    public required TestOutcome Outcome { get; init; }
    public DateTimeOffset StartedAt { get; init; }
    public TimeSpan Duration { get; init; }
    public string? Message { get; init; }
    public string? StackTrace { get; init; }
    public string? StandardOutput { get; init; }
    public string? StandardError { get; init; }
    public ImmutableArray<KeyValuePair<string, string>> Traits { get; init; } = [];

    /// <summary>Files that the test attached, absolute.</summary>
    public ImmutableArray<string> Attachments { get; init; } = [];
}

internal enum HostMessageLevel
{
    Information,
    Warning,
    Error,
}
