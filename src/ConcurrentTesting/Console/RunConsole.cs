using ConcurrentTesting.Console.Terminal;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Console;

/// <summary>What a person sees of a run while it goes on, and run.log. A terminal has a live block below the log; elsewhere a plain line
/// comes every few seconds. Each failure is shown once, as soon as it is final. Everything the engine logs goes through <see cref="Log"/>.
/// Its methods return at once and may be called from any thread: the console is written on a timer.</summary>
internal sealed class RunConsole : IRunObserver, IAsyncDisposable
{
    private static readonly TimeSpan RedrawInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ShortestLineInterval = TimeSpan.FromSeconds(5);

    // After a silence of this length nobody can tell a run that goes on from one that hangs.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ExitPatience = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly RunLog _runLog;
    private readonly RunProgress _progress;
    private readonly ConsolePrinter _printer;
    private readonly FailurePrinter _failures;
    private readonly IncidentPrinter _incidents;
    private readonly ITimer _turns;
    private readonly ImmutableArray<IDisposable> _signals;
    private readonly Lock _lineGate = new();
    private readonly ImmutableArray<string> _unsaid;
    private long _lineAt;
    private (int Done, int Failed, int RunAgain) _lineShowed;
    private long _heardAt;
    private int _heard;
    private volatile bool _isFinished;

    private RunConsole(ConcurrentTestSettings settings, Redactor redactor, ILogger logger, TimeProvider time, ConsoleSurface surface)
    {
        _time = time;
        _unsaid = [.. settings.Database == DatabaseEngine.None
            ? [PhaseNames.Template]
            : Array.Empty<string>(), .. settings.NoBuild ? [PhaseNames.Build] : Array.Empty<string>()];
        Redactor = redactor;
        _runLog = RunLog.Open(Path.GetFullPath(settings.ResultsDirectory, settings.RootDirectory), time);
        _progress = new RunProgress(time);
        _printer = new ConsolePrinter(
            logger, surface, size =>
                _isFinished ? [] : ProgressView.Block(_progress.Snapshot() with { Redact = Redactor.Redact }, size, surface.HasColours),
            () => _progress.Snapshot() is var now && now.Failed > 0 ? (now.Percent, true) : (now.Percent, false),
            text => TerminalText.On(surface, text, settings.RootDirectory));
        Log = new RunLogger(_runLog, Redactor, _printer);
        _failures = new FailurePrinter(settings, Redactor, Log);
        SayWhatIsMasked();
        _incidents = new IncidentPrinter(Log);
        _lineAt = _heardAt = time.GetTimestamp();
        _signals = _printer.IsLive ? GiveCursorBackAtAnyEnd() : [];
        _turns = time.CreateTimer(_ => TakeTurn(), null, RedrawInterval, RedrawInterval);
    }

    /// <summary>The logger of the whole engine.</summary>
    public ILogger Log { get; }

    /// <summary>Takes secrets out of every line.</summary>
    public Redactor Redactor { get; }

    /// <summary>Begins run.log in <see cref="ConcurrentTestSettings.ResultsDirectory"/> and the display.</summary>
    /// <param name="logger">Where the console's lines go; what it does not enable is only written to run.log.</param>
    /// <exception cref="ConcurrentTestException">The results directory cannot be written.</exception>
    public static RunConsole Open(
        ConcurrentTestSettings settings, Redactor redactor, ILogger logger, TimeProvider time, ConsoleSurface surface) =>
        new(settings, redactor, logger, time, surface);

    /// <summary>The two last lines that the process prints: speed, efficiency and what cost it most, then exactly <c>N passed, N failed, N
    /// skipped</c>.</summary>
    public static ImmutableArray<string> ClosingLines(RunRecord run, Redactor redactor) => RunClosing.ClosingLines(run, redactor);

    /// <summary>Prints what <c>--test-list</c> asks for.</summary>
    public void List(TestListing listing)
    {
        foreach (var text in listing.Texts())
            Log.LogInformation("{Text}", text);
    }

    /// <summary>Ends the display and prints what the run came to.</summary>
    public void Finish(RunRecord run)
    {
        _isFinished = true;
        foreach (var failure in run.OutsideEntries.Where(entry => !entry.IsFlaky))
            _failures.Print(failure);
        _failures.Finish();
        _incidents.Finish();
        var lines = RunClosing.Lines(run, Redactor);
        if (lines.Length > 0)
            Log.LogInformation("{Summary}", new OwnWords(string.Join('\n', lines)));
    }

    public void Happened(RunEvent happened)
    {
        if (happened is PhaseEnded { Phase: PhaseNames.Tests })
            _incidents.IsAtEnd = true;
    }

    public void PhaseStarted(string phase)
    {
        if (!_unsaid.Contains(phase))
            _progress.StartPhase(phase);
        Trace($"phase {phase}");
        if (IsWorthALine(phase))
            Log.LogInformation("{Activity}", new OwnWords(ProgressView.Activity(phase)));
    }

    public void Planned(int tests, int workers, TimeSpan expected)
    {
        _progress.Plan(tests, workers, expected);
        Trace($"planned {Quantity.Of(tests, "test")} on {Quantity.Of(workers, "worker")}, expected to take {expected.TotalSeconds:0.0}s");
        if (!_printer.IsLive)
        {
            Log.LogInformation(
                "Running {Tests} on {Workers}{Expected}", new OwnWords(Quantity.Of(tests, "test")),
                new OwnWords(Quantity.Of(workers, "worker")), new OwnWords(Expected(expected)));
        }
    }

    public void UnitPlanned(UnitPlanned unit) => _progress.Expect(unit);

    public void TestStarted(TestStarted started)
    {
        _progress.Start(started);
        Trace($"worker {started.Worker} runs {started.Test.Assembly.Source}/{started.FullName}");
    }

    public void TestFinished(TestRecord test, bool isFinal)
    {
        _progress.Finish(test, isFinal);
        var attempt = test.Final;
        var again = isFinal ? "" : ", to be tried again";
        var how = attempt.Worker < 0 ? "not run" : $"worker {attempt.Worker} {attempt.Outcome} {attempt.Duration.TotalSeconds:0.000}s";
        Trace($"{how} attempt {attempt.Number}{again} {test.Assembly.Source}/{TestNames.Full(test.ClassName, test.Name)}");
        if (isFinal && test.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped))
            _failures.Print(test);
    }

    public void WorkerIdle(int worker) => _progress.Idle(worker);

    public void IncidentHappened(Incident incident) => _incidents.Print(incident);

    /// <summary>Prints what is still queued, takes the block away, gives the cursor back and closes run.log.</summary>
    public async ValueTask DisposeAsync()
    {
        await _turns.DisposeAsync();
        _isFinished = true;
        foreach (var signal in _signals)
            signal.Dispose();
        if (_runLog.Failure is { } failure)
            Log.LogWarning("{File} is not complete: {Failure}", RunLog.FileName, failure);
        _incidents.Finish();
        _printer.Close();
        if (_printer.Failure is { } broken)
            Trace($"the console could not be written: {broken}");
        await _runLog.DisposeAsync();
    }

    // Thousands of such small steps go to run.log alone.
    private void Trace(FormattableString text) =>
        _runLog.Write(
            LogLevel.Trace,
            PlainText.OneLine(string.Format(CultureInfo.InvariantCulture, text.Format, [.. text.GetArguments().Select(Redacted)])));

    private object? Redacted(object? value) => value is string text ? Redactor.Redact(text) : value;

    private void SayWhatIsMasked()
    {
        if (Redactor.HasGuessablePassword)
        {
            Log.LogInformation(
                "The password of --test-connection-string is a short or a common word (fewer than {Shortest} characters, among the commonest passwords, or also the name of the user or "
                + "the database): it is masked where it stands as a password (Password=…, user:…@host) and nowhere else.",
                GuessablePassword.Shortest);
        }
    }

    // A terminal shows the phase in its block, and a phase without anything to do (no databases, tests already built) is left unsaid.
    private bool IsWorthALine(string phase) =>
        !_printer.IsLive && phase != PhaseNames.Tests && ProgressView.Activity(phase) != phase && !_unsaid.Contains(phase);

    private static string Expected(TimeSpan expected) =>
        expected >= TimeSpan.FromSeconds(1) ? $", about {DurationText.Whole(expected)}" : "";

    private void TakeTurn()
    {
        foreach (var slow in _progress.NewlySlow())
            AnnounceSlow(slow);
        if (!_printer.IsLive)
            AddProgressLine();
        _printer.Turn();
    }

    private void AnnounceSlow(WorkerProgress worker)
    {
        var test = worker.Test!;
        var what = worker.HasResult ? "no further result for" : "running for";
        var name = PlainText.OneLine(test.FullName);
        Log.LogInformation(
            "SLOW  {Name}  [{Source}, worker {Worker}] {What} {Duration}", name, test.Test.Assembly.Source, worker.Worker,
            new OwnWords(what), DurationText.Whole(worker.Since));
    }

    private void AddProgressLine()
    {
        // A turn may begin while the last one still waits for a slow pipe.
        lock (_lineGate)
        {
            var progress = _progress.Snapshot() with { Redact = Redactor.Redact };
            var shows = (progress.Done, progress.Failed, progress.RunAgain);
            if (_isFinished || progress.Phases.IsEmpty || !(HasNews(progress, shows) || IsSilent()))
                return;
            (_lineAt, _lineShowed) = (_time.GetTimestamp(), shows);
            Log.LogInformation("{Progress}", new OwnWords(ProgressView.Line(progress)));
        }
    }

    private bool HasNews(ProgressSnapshot progress, (int Done, int Failed, int RunAgain) shows) =>
        progress.IsTesting && shows != _lineShowed && _time.GetElapsedTime(_lineAt) >= LineInterval(progress.Elapsed);

    private bool IsSilent()
    {
        if (_printer.Printed == _heard)
            return _time.GetElapsedTime(_heardAt) >= LongestSilence;
        (_heard, _heardAt) = (_printer.Printed, _time.GetTimestamp());
        return false;
    }

    // A line comes every 5 s in the first minute, and every 10 s after it.
    private static TimeSpan LineInterval(TimeSpan elapsed)
    {
        var interval = elapsed / 12;
        return interval < ShortestLineInterval ? ShortestLineInterval : interval > LongestSilence ? LongestSilence : interval;
    }

    private ImmutableArray<IDisposable> GiveCursorBackAtAnyEnd()
    {
        EventHandler exit = (_, _) => _printer.CloseNow(ExitPatience);
        UnhandledExceptionEventHandler crash = (_, _) => _printer.CloseNow(ExitPatience);
        AppDomain.CurrentDomain.ProcessExit += exit;
        AppDomain.CurrentDomain.UnhandledException += crash;
        var handlers = new Unsubscription(() =>
        {
            AppDomain.CurrentDomain.ProcessExit -= exit;
            AppDomain.CurrentDomain.UnhandledException -= crash;
        });
        return OperatingSystem.IsWindows() ? [handlers] : [handlers, JobControl.StopWithin(_printer.WhileHidden)];
    }

    private sealed class Unsubscription(Action unsubscribe) : IDisposable
    {
        public void Dispose() => unsubscribe();
    }
}
