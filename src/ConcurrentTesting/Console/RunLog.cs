namespace ConcurrentTesting.Console;

/// <summary>run.log: everything that a run said, at all levels, a UTC timestamp and the level on each line. On disk at once from Warning
/// up, otherwise within a second, so that a run that was killed leaves it too. It has a bound, after which only what is worth a warning is
/// still written, for a while. Thread-safe.</summary>
internal sealed class RunLog : IAsyncDisposable
{
    public const string FileName = ArtifactNames.Log;

    /// <summary>Characters after which it is full.</summary>
    public const long DefaultLimit = 64L << 20;

    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _writing = new();
    private readonly StreamWriter _writer;
    private readonly TimeProvider _time;
    private readonly ITimer _flushing;
    private readonly long _limit;
    private long _written;
    private bool _isDirty;
    private bool _isClosed;

    private RunLog(StreamWriter writer, TimeProvider time, long limit)
    {
        (_writer, _time, _limit) = (writer, time, limit);
        _flushing = time.CreateTimer(_ => Flush(), null, FlushInterval, FlushInterval);
    }

    /// <summary>Why lines are missing from the file (its disk was full); null while all is well.</summary>
    public string? Failure { get; private set; }

    /// <summary>Begins an empty file in <paramref name="directory"/>, which is made where it does not exist.</summary>
    /// <exception cref="ConcurrentTestException">The folder or the file cannot be written.</exception>
    public static RunLog Open(string directory, TimeProvider time, long limit = DefaultLimit)
    {
        try
        {
            Directory.CreateDirectory(directory);
            var stream = new FileStream(
                Path.Combine(directory, FileName), FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            return new RunLog(new StreamWriter(stream, new UTF8Encoding(false), 16 * 1024), time, limit);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"The results directory {directory} cannot be written: {exception.Message} Make it writable, or name another with --test-results-directory.",
                exception);
        }
    }

    /// <summary>Writes a text that is redacted already, a line for each of its lines.</summary>
    public void Write(LogLevel level, string text)
    {
        Span<char> timestamp = stackalloc char[32];
        _time.GetUtcNow().UtcDateTime.TryFormat(timestamp, out var length, "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        lock (_writing)
        {
            if (_isClosed)
                return;
            Bounded(timestamp[..length], level, text);
            if (level >= LogLevel.Warning)
                FlushUnderLock();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _flushing.DisposeAsync();
        lock (_writing)
        {
            if (_isClosed)
                return;
            FlushUnderLock();
            _isClosed = true;
            try
            {
                _writer.Dispose();
            }
            catch (IOException exception)
            {
                Failure ??= exception.Message;
            }
        }
    }

    private void Bounded(ReadOnlySpan<char> timestamp, LogLevel level, string text)
    {
        var wasFull = _written >= _limit;
        try
        {
            WriteLines(timestamp, Label(level), text, level >= LogLevel.Warning ? _limit + (_limit / 8) : _limit);
            if (!wasFull && _written >= _limit)
            {
                var full = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{FileName} is full ({_limit} characters): from here on it has only warnings and errors.");
                WriteLines(timestamp, Label(LogLevel.Warning), full, long.MaxValue);
            }
        }
        catch (IOException exception)
        {
            Failure ??= exception.Message;
        }
    }

    private void WriteLines(ReadOnlySpan<char> timestamp, string label, string text, long room)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (_written >= room)
                return;
            var fitting = line[..(int)Math.Min(line.Length, room - _written)];
            _writer.Write(timestamp);
            _writer.Write(label);
            _writer.Write(fitting);
            _writer.Write('\n');
            _written += timestamp.Length + label.Length + fitting.Length + 1;
            _isDirty = true;
        }
    }

    private void Flush()
    {
        lock (_writing)
        {
            if (_isDirty && !_isClosed)
                FlushUnderLock();
        }
    }

    private void FlushUnderLock()
    {
        try
        {
            _writer.Flush();
            _isDirty = false;
        }
        catch (IOException exception)
        {
            Failure ??= exception.Message;
        }
    }

    private static string Label(LogLevel level) => level switch
    {
        LogLevel.Trace => " VRB ",
        LogLevel.Debug => " DBG ",
        LogLevel.Information => " INF ",
        LogLevel.Warning => " WRN ",
        LogLevel.Error => " ERR ",
        _ => " FTL ",
    };
}
