namespace ConcurrentTesting.TestHook.Wire;

/// <summary>What a hook is told by its environment: where the engine listens, for whom the process works, and what it is to do.</summary>
internal sealed record HookAddress
{
    // A console runs one batch after another, and is told of none.
    private const int NoBatch = 0;

    /// <summary>The batch of a process that starts before it is known what it runs first: the engine tells its own side.</summary>
    public const int NotYet = int.MaxValue;

    /// <summary>The variable that holds it.</summary>
    public const string Variable = "CONCURRENT_TEST_HOOK";

    /// <summary>The path of the engine's Unix domain socket.</summary>
    public required string Socket { get; init; }

    /// <summary>The engine's process: where it cannot be connected to and is gone, the test process has nobody left to work for.</summary>
    public required int EngineProcessId { get; init; }

    public required int Worker { get; init; }
    public required int Batch { get; init; }

    /// <summary>False: the process is only watched.</summary>
    public required bool Measure { get; init; }

    /// <summary>The test host runs its tests in a child process (xunit v3), which needs the hook too.</summary>
    public required bool HasChild { get; init; }

    /// <summary>The test framework's name, one of the engine's <c>TestFramework</c>.</summary>
    public required string Framework { get; init; }

    /// <summary>VSTest tells the process of the cases that it runs: its framework does not.</summary>
    public required bool HasEvents { get; init; }

    /// <summary>The value of <c>DOTNET_STARTUP_HOOKS</c> without this hook: what processes started by tests get.</summary>
    public required string OtherHooks { get; init; }

    /// <summary>It is for the console of a worker, which starts the test hosts.</summary>
    public bool IsConsole => Batch == NoBatch;

    /// <summary>The file in which the hook of a process writes <see cref="HookMessage.Test"/> and <see cref="HookMessage.Outside"/>, one
    /// after another, beside the socket.</summary>
    public string FiguresOf(int processId) => FiguresOf(Path.GetDirectoryName(Socket)!, Batch, processId);

    /// <summary>The same path, as the engine names it.</summary>
    public static string FiguresOf(string folder, int batch, int processId) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{batch}-{processId}.figures"));

    public static HookAddress OfConsole(string socket, int engineProcessId, int worker, string otherHooks) => new()
    {
        Socket = socket,
        EngineProcessId = engineProcessId,
        Worker = worker,
        Batch = NoBatch,
        Measure = false,
        HasChild = false,
        Framework = "",
        HasEvents = false,
        OtherHooks = otherHooks,
    };

    public override string ToString() => string.Join(
        '|',
        Socket,
        EngineProcessId.ToString(CultureInfo.InvariantCulture),
        Worker.ToString(CultureInfo.InvariantCulture),
        Batch.ToString(CultureInfo.InvariantCulture),
        Measure ? "measure" : "watch",
        HasChild ? "child" : "",
        Framework,
        HasEvents ? "events" : "",
        OtherHooks);

    /// <summary>Reads what <see cref="ToString"/> writes; null where it is something else.</summary>
    public static HookAddress? Parse(string? text)
    {
        var parts = text?.Split('|', 9);
        if (parts is not { Length: 9 }
            || !int.TryParse(parts[1], CultureInfo.InvariantCulture, out var engine)
            || !int.TryParse(parts[2], CultureInfo.InvariantCulture, out var worker)
            || !int.TryParse(parts[3], CultureInfo.InvariantCulture, out var batch))
            return null;

        return new HookAddress
        {
            Socket = parts[0],
            EngineProcessId = engine,
            Worker = worker,
            Batch = batch,
            Measure = parts[4] == "measure",
            HasChild = parts[5] == "child",
            Framework = parts[6],
            HasEvents = parts[7] == "events",
            OtherHooks = parts[8],
        };
    }
}
