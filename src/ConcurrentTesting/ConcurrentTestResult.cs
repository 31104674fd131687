namespace ConcurrentTesting;

/// <summary>What a run came to.</summary>
public sealed record ConcurrentTestResult
{
    /// <summary>How the run ended.</summary>
    public required ConcurrentTestExitCode ExitCode { get; init; }

    /// <summary>One line that says why the exit code is what it is.</summary>
    public required string Reason { get; init; }

    /// <summary>Tests that passed.</summary>
    public int Passed { get; init; }

    /// <summary>Tests that failed, errors included.</summary>
    public int Failed { get; init; }

    /// <summary>Tests that were skipped.</summary>
    public int Skipped { get; init; }

    /// <summary>The whole run, in seconds of wall time.</summary>
    public double WallSeconds { get; init; }

    /// <summary>The shortest time this plan could have taken: the longest test or what has to stay together, or the work shared evenly,
    /// whichever is longer.</summary>
    public double LowerBoundSeconds { get; init; }

    /// <summary>The lower bound as a share of the time from the first worker's start to the last one's end, 0 to 1; null where nothing
    /// ran.</summary>
    public double? Efficiency { get; init; }

    /// <summary>What the tests' durations add up to, in seconds.</summary>
    public double TestSeconds { get; init; }

    /// <summary>The run in a few figures.</summary>
    public ConcurrentTestSummary Summary { get; init; } = new();

    /// <summary>Every result with what it did to the databases, ordered by <see cref="ConcurrentTestCase.Id"/>; empty where nothing
    /// ran.</summary>
    public IReadOnlyList<ConcurrentTestCase> Tests { get; init; } = [];

    /// <summary>The folder with this run's artifacts; null where it left none, whatever an earlier run left.</summary>
    public string? ResultsDirectory { get; init; }

    /// <summary>What the CI server that the run is on is told by lines on the standard output: where tests failed, the artifacts to show;
    /// empty elsewhere. Each is one line and can be printed as it is.</summary>
    public IReadOnlyList<string> HostCommands { get; init; } = [];

    /// <summary>What the command line said of where the tests are and what they run on, with a space before each: how they are run again.
    /// Nothing of it is secret; empty where nothing was said, or not in the root folder.</summary>
    public string RepeatedArguments { get; init; } = "";

    /// <summary>What the process prints last: speed and efficiency, then exactly <c>N passed, N failed, N skipped</c>.</summary>
    public IReadOnlyList<string> ClosingLines { get; init; } = [];
}
