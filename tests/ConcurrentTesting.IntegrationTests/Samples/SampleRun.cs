using System.Diagnostics;
using System.Text.Json;

namespace ConcurrentTesting.IntegrationTests.Samples;

/// <summary>A test in a finished run's run.json.</summary>
internal sealed record RanTest(string Suite, string ClassName, string Name, string Outcome, int Attempts);

/// <summary>What a finished run left.</summary>
internal sealed record SampleOutcome(int ExitCode, string Output, string Results, TimeSpan Duration)
{
    public JsonElement Run { get; init; } = ReadRun(Results);

    public string JUnit { get; } = ReadJUnit(Results);

    public IReadOnlyList<RanTest> Tests =>
        [.. Run.GetProperty("tests").EnumerateArray().Select(test => new RanTest(
            test.GetProperty("assembly").GetString()!,
            test.GetProperty("class").GetString()!,
            test.GetProperty("name").GetString()!,
            test.GetProperty("outcome").GetString()!,
            test.GetProperty("attempts").GetArrayLength()))];

    public RanTest Test(string name) => Tests.Single(test => test.Name == name);

    /// <summary>The kinds of the run's incidents, each as often as it happened.</summary>
    public IReadOnlyList<string> Incidents => [.. Run.GetProperty("incidents").EnumerateArray().Select(incident => incident.GetProperty("kind").GetString()!)];

    /// <summary>What failed beside the tests, each with its kind.</summary>
    public IReadOnlyList<string> OutsideNames =>
        [.. Run.GetProperty("outside").EnumerateArray().Select(failure => $"{failure.GetProperty("kind")} {failure.GetProperty("name")}")];

    public string Reason => Run.GetProperty("reason").GetString()!;

    private static string ReadJUnit(string results)
    {
        var file = Path.Combine(results, "junit.xml");
        return File.Exists(file) ? File.ReadAllText(file) : "";
    }

    private static JsonElement ReadRun(string results)
    {
        var file = Path.Combine(results, "run.json");
        return File.Exists(file) ? JsonDocument.Parse(File.ReadAllText(file)).RootElement : default;
    }
}

/// <summary>A run of sample suites through the repository's build, as a process in a folder of its own that can be signalled and killed.</summary>
internal sealed class SampleRun : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly Process _process;
    private readonly DirectoryInfo _temporary;
    private readonly List<string> _lines = [];
    private readonly List<(string Text, TaskCompletionSource Seen)> _awaited = [];
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private bool _isTemporary;

    private SampleRun(string folder, ProcessStartInfo start)
    {
        Folder = folder;
        // What killed processes leave goes with it. A database server of the run's, another user's process, passes through.
        _temporary = Directory.CreateTempSubdirectory("run-");
        if (!OperatingSystem.IsWindows())
            _temporary.UnixFileMode |= UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        // A test may give it another.
        if (!start.Environment.TryGetValue("TMPDIR", out var given) || given == Environment.GetEnvironmentVariable("TMPDIR"))
            start.Environment["TMPDIR"] = _temporary.FullName;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Add(line.Data);
        _process.ErrorDataReceived += (_, line) => Add(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Folder { get; }

    public int ProcessId => _process.Id;

    public string Results => Path.Combine(Folder, "artifacts", "test-results");

    public string Journal => Path.Combine(Results, "run.events.jsonl");

    /// <param name="arguments">What follows <c>ConcurrentTest</c>; suites are given as built, with SQLite, unless they say otherwise; how long their tests take is known.</param>
    public static SampleRun Start(IReadOnlyCollection<string> suites, IEnumerable<string> arguments, params (string Name, string Value)[] variables)
    {
        var folder = Directory.CreateTempSubdirectory("sample-run-").FullName;
        KnowDurations(folder);
        return Temporary(StartIn(folder, suites, arguments, variables));
    }

    /// <summary>A run in a folder that stays.</summary>
    public static SampleRun StartIn(string folder, IReadOnlyCollection<string> suites, IEnumerable<string> arguments, params (string Name, string Value)[] variables)
    {
        // A group of its own, as a shell gives to what it starts.
        string[] command = ["setsid", "dotnet", .. Command(folder, suites, [.. arguments])];
        return StartIn(folder, command, variables);
    }

    /// <summary>The arguments of <c>dotnet</c> that run the suites.</summary>
    public static string[] Command(string folder, IReadOnlyCollection<string> suites, IReadOnlyCollection<string> arguments)
    {
        string[] database = arguments.Contains("--test-database") ? [] : ["--test-database", "sqlite", "--test-template", Repository.Schema("sqlite")];
        return [Repository.Build, "ConcurrentTest", "--root", folder, "--test-no-build", "--test-projects", .. suites.Select(suite => Repository.Assembly(suite)), .. database, .. arguments];
    }

    public static SampleRun StartIn(string folder, string[] command, params (string Name, string Value)[] variables)
    {
        Directory.CreateDirectory(Path.Combine(folder, ".nuke"));
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("NUKE_", StringComparison.Ordinal) || name.StartsWith("SAMPLE_", StringComparison.Ordinal) || name.StartsWith("TROUBLED_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        return new SampleRun(folder, start);
    }

    public static async Task<SampleOutcome> RunAsync(IReadOnlyCollection<string> suites, IEnumerable<string> arguments, CancellationToken cancellationToken, params (string Name, string Value)[] variables)
    {
        using var run = Start(suites, arguments, variables);
        return await run.EndAsync(cancellationToken);
    }

    /// <summary>What it has printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
                return string.Join('\n', _lines);
        }
    }

    /// <summary>Until a line with this text was printed.</summary>
    /// <exception cref="InvalidOperationException">The run ended without it.</exception>
    public async Task SeenAsync(string text, CancellationToken cancellationToken)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lines)
        {
            if (_lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
                return;
            _awaited.Add((text, seen));
        }

        await Task.WhenAny(seen.Task, _process.WaitForExitAsync(cancellationToken)).WaitAsync(Patience, cancellationToken);
        if (!seen.Task.IsCompleted)
            throw Ended($"it printed '{text}'");
    }

    /// <summary>Until it is so; looks often, for a bounded time.</summary>
    /// <exception cref="InvalidOperationException">The run ended before.</exception>
    public async Task UntilAsync(Func<Task<bool>> isSo, string what, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var bound = Stopwatch.StartNew(); ;)
        {
            var hasEnded = _process.HasExited;
            if (await isSo())
                return;
            if (hasEnded)
                throw Ended(what);
            if (bound.Elapsed > Patience)
                throw new TimeoutException($"Not within {Patience}: {what}. {Output}");
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    /// <inheritdoc cref="UntilAsync(Func{Task{bool}}, string, CancellationToken)"/>
    public Task UntilAsync(Func<bool> isSo, string what, CancellationToken cancellationToken) => UntilAsync(() => Task.FromResult(isSo()), what, cancellationToken);

    public async Task<SampleOutcome> EndAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        lock (_lines)
            return new SampleOutcome(_process.ExitCode, string.Join('\n', _lines), Results, _watch.Elapsed);
    }

    /// <summary>To every process of the run, as Ctrl-C in a terminal does.</summary>
    public Task SignalGroupAsync(string signal, CancellationToken cancellationToken) => SignalAsync(-ProcessId, signal, cancellationToken);

    public static async Task SignalAsync(int process, string signal, CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", ["-s", signal, "--", $"{process}"]);
        await kill.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Processes below this run whose command line mentions a text.</summary>
    public IReadOnlyList<int> Descendants(string mentioning) => [.. ProcessTree.Below(ProcessId).Where(id => ProcessTree.CommandLine(id).Contains(mentioning, StringComparison.Ordinal))];

    /// <summary>Until the first worker runs tests.</summary>
    public async Task RunningAsync(CancellationToken cancellationToken)
    {
        await UntilAsync(() => Directory.Exists(Path.Combine(Results, "worker-0")), "a worker runs tests", cancellationToken);
        // A test host, or the program of xunit v3 with its file of arguments.
        await DescendantAsync(cancellationToken, "testhost", ".arguments");
    }

    /// <summary>The most memory that the run's own process has had, in bytes, looked at until it ends.</summary>
    public async Task<long> PeakMemoryAsync(CancellationToken cancellationToken)
    {
        var peak = 0L;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!_process.HasExited)
        {
            peak = Math.Max(peak, ProcessTree.PeakMemory(ProcessId));
            await timer.WaitForNextTickAsync(cancellationToken);
        }

        return peak;
    }

    /// <summary>Until such a process is there; looks often, for a bounded time.</summary>
    public Task<int> DescendantAsync(string mentioning, CancellationToken cancellationToken) => DescendantAsync(cancellationToken, mentioning);

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
        _temporary.Delete(recursive: true);
        if (_isTemporary && Directory.Exists(Folder))
            Directory.Delete(Folder, recursive: true);
    }

    // One that mentions any of these.
    private async Task<int> DescendantAsync(CancellationToken cancellationToken, params string[] mentioning)
    {
        var first = 0;
        await UntilAsync(
            () => (first = mentioning.SelectMany(Descendants).FirstOrDefault()) > 0, $"a process of it mentions {string.Join(" or ", mentioning)}", cancellationToken);
        return first;
    }

    private InvalidOperationException Ended(string before) => new($"The run ended with {_process.ExitCode} before {before}: {Output}");

    // As after an earlier run: a first one finds out how long tests take in many small batches, each of which starts a test host.
    private static void KnowDurations(string folder)
    {
        var timings = Directory.CreateDirectory(Path.Combine(folder, ".nuke", "temp")).FullName;
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Samples", "known-durations.json"), Path.Combine(timings, "test-timings.json"));
    }

    private static SampleRun Temporary(SampleRun run)
    {
        run._isTemporary = true;
        return run;
    }

    private void Add(string? line)
    {
        if (line is null)
            return;

        lock (_lines)
        {
            _lines.Add(line);
            foreach (var (_, seen) in _awaited.Where(awaited => line.Contains(awaited.Text, StringComparison.Ordinal)))
                seen.TrySetResult();
        }
    }
}
