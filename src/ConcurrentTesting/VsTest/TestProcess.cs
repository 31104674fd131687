using System.ComponentModel;
using System.Diagnostics;

namespace ConcurrentTesting.VsTest;

/// <summary>A process of a worker's session that the run starts itself, and the beginning of what it writes to its error stream.</summary>
internal sealed class TestProcess : IDisposable
{
    /// <summary>What a host says of a process that is gone, in the platform's own words.</summary>
    public const string Crashed = "Test host process crashed";

    /// <summary>What stands before what a process wrote to its error stream.</summary>
    public const string CrashedWith = Crashed + " : ";

    // The platform keeps as much of it.
    private const int LongestErrorOutput = 8 * 1024;

    private static readonly TimeSpan ErrorOutputBound = TimeSpan.FromSeconds(1);

    private readonly Process _process;
    private readonly BoundedLines _errors = new(LongestErrorOutput);
    private readonly Task _readingErrors;
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TestProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.Exited += (_, _) => _exited.TrySetResult(_process.ExitCode);
        _process.Start();
        _readingErrors = ReadErrorsAsync();
        Id = _process.Id;
    }

    public int Id { get; }

    /// <summary>Completes with the exit code, as the runtime tells it.</summary>
    public Task<int> Exited => _exited.Task;

    public bool IsAlive => !_exited.Task.IsCompleted;

    /// <summary>How it ended; null while it lives.</summary>
    public ProcessExit? Exit => IsAlive ? null : ProcessExit.OfCode(_exited.Task.Result);

    /// <summary>What it wrote to its error stream so far, trimmed.</summary>
    public string Errors
    {
        get
        {
            lock (_errors)
                return _errors.Text.Trim();
        }
    }

    public Stream Output => _process.StandardOutput.BaseStream;

    public StreamWriter Input => _process.StandardInput;

    /// <summary>Resident bytes; 0 where the process has ended.</summary>
    public long Memory
    {
        get
        {
            try
            {
                _process.Refresh();
                return _process.WorkingSet64;
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }
    }

    /// <param name="start">The program, its arguments and its folder.</param>
    /// <param name="environment">Its whole environment; nothing else is inherited.</param>
    /// <param name="session">Marks it and what its tests start.</param>
    /// <exception cref="Win32Exception">The program cannot be started.</exception>
    public static TestProcess Start(ProcessStartInfo start, IReadOnlyDictionary<string, string> environment, SessionProcesses session)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.Environment.Clear();
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        start.Environment[SessionProcesses.MarkerVariable] = session.Session;
        return new TestProcess(start);
    }

    /// <summary>Says that such a process crashed, in the platform's own words.</summary>
    /// <param name="errors">What it wrote to its error stream; may be empty.</param>
    public static string CrashWith(string errors) => errors.Length > 0 ? CrashedWith + errors : Crashed;

    /// <summary>Reads its output so that it never waits for a reader: what tests write there is in their results.</summary>
    public void IgnoreOutput() => _ = UntilEndAsync(() => Output.CopyToAsync(Stream.Null));

    /// <summary>Forgets what it wrote to its error stream.</summary>
    public void ForgetErrors()
    {
        lock (_errors)
            _errors.Clear();
    }

    /// <summary>All that it wrote to its error stream, once it has ended; a process that its tests started may hold the stream open, for
    /// which nobody waits long.</summary>
    public async Task<string> AllErrorsAsync()
    {
        await Task.WhenAny(Task.WhenAll(Exited, _readingErrors), Task.Delay(ErrorOutputBound));
        return Errors;
    }

    /// <summary>Ends this process alone.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // The process has ended.
        }
    }

    public void Dispose()
    {
        _process.StandardError.Dispose();
        _process.StandardOutput.Dispose();
        _process.Dispose();
    }

    // The output is not read by lines, because a line may be very long and never end.
    private Task ReadErrorsAsync() => UntilEndAsync(async () =>
    {
        var read = new char[2048];
        while (await _process.StandardError.ReadAsync(read) is var count and > 0)
        {
            lock (_errors)
                _errors.Add(read.AsSpan(0, count));
        }
    });

    private static async Task UntilEndAsync(Func<Task> read)
    {
        try
        {
            await read();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The run does not listen.
        }
    }

    /// <summary>The beginning of a text, without its empty lines.</summary>
    private sealed class BoundedLines(int longest)
    {
        private readonly StringBuilder _text = new();

        public string Text => _text.ToString();

        public void Clear() => _text.Clear();

        public void Add(ReadOnlySpan<char> read)
        {
            foreach (var character in read)
            {
                if (_text.Length >= longest)
                    return;
                var next = character == '\r' ? '\n' : character;
                if (next != '\n' || (_text.Length > 0 && _text[^1] != '\n'))
                    _text.Append(next);
            }
        }
    }
}
