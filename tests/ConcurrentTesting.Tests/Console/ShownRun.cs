using ConcurrentTesting.Console;
using ConcurrentTesting.Console.Terminal;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace ConcurrentTesting.Tests.Console;

/// <summary>A run's console over a virtual terminal (or, redirected, over plain lines), in a folder and a time of its own.</summary>
internal sealed class ShownRun : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("run-console-");

    public ShownRun(int columns = 80, int rows = 24, bool isLive = true, LogLevel level = LogLevel.Information, bool hasColours = false, string? connectionString = null)
    {
        Terminal = new VirtualTerminal(columns, rows);
        Settings = new ConcurrentTestSettings { RootDirectory = _folder.FullName, ResultsDirectory = "results", Database = DatabaseEngine.Sqlite, ConnectionString = connectionString };
        Surface = new TerminalSurface(Terminal, isLive, hasColours);
        Console = RunConsole.Open(Settings, Redactor.Of(Settings), new TerminalLogger(Surface, level), Time, Surface);
    }

    public FakeTimeProvider Time { get; } = new(SampleRun.Start);
    public VirtualTerminal Terminal { get; }
    public TerminalSurface Surface { get; }
    public ConcurrentTestSettings Settings { get; }
    public RunConsole Console { get; }
    public string RunLog => Path.Combine(_folder.FullName, "results", "run.log");

    /// <summary>Begins the tests phase.</summary>
    public ShownRun Begin(int tests, int workers, double expectedSeconds = 0)
    {
        Console.PhaseStarted("tests");
        Console.Planned(tests, workers, TimeSpan.FromSeconds(expectedSeconds));
        return this;
    }

    /// <summary>Lets time go by, in the steps in which the console is redrawn.</summary>
    public void Wait(double seconds = 0.1)
    {
        for (var step = 0; step < (int)Math.Round(seconds * 10); step++)
            Time.Advance(TimeSpan.FromMilliseconds(100));
    }

    /// <summary>run.log as it is on disk now.</summary>
    public string ReadRunLog()
    {
        using var reader = new StreamReader(new FileStream(RunLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }

    public async ValueTask DisposeAsync()
    {
        await Console.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

internal sealed class TerminalSurface(VirtualTerminal terminal, bool isLive, bool hasColours) : ConsoleSurface
{
    private readonly System.Text.StringBuilder _written = new();

    public int Writes { get; private set; }
    public string Written => _written.ToString();
    public bool IsGone { get; set; }
    public ManualResetEventSlim IsTaking { get; } = new(true);
    public override bool IsLive => isLive;
    public override bool HasColours => hasColours;
    public override (int Columns, int Rows) Size => (terminal.Columns, terminal.Rows);

    public override void Write(ReadOnlySpan<char> text)
    {
        IsTaking.Wait();
        if (IsGone)
            throw new IOException("The terminal is gone.");
        Writes++;
        _written.Append(text);
        terminal.Write(text);
    }
}

/// <summary>Writes as the build's console logger does, straight to the terminal.</summary>
internal sealed class TerminalLogger(TerminalSurface surface, LogLevel least) : ILogger
{
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        surface.Write($"[{logLevel.ToString()[..3].ToUpperInvariant()}] {formatter(state, exception)}\n");

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;
}
