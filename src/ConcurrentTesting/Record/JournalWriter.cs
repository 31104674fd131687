using System.Buffers;

namespace ConcurrentTesting.Record;

/// <summary>Writes a run's events to <see cref="ArtifactNames.Journal"/>, a line each, without anything secret. What was added is with the
/// operating system within 100 ms, so that a killed run leaves it. Lines from before <see cref="Begin"/> are held until then. The first
/// event is written on another thread, because it compiles all that writes them. Thread-safe.</summary>
internal sealed class JournalWriter : IDisposable
{
    private static readonly TimeSpan FlushInterval = TimeSpan.FromMilliseconds(50);

    private readonly Lock _writing = new();
    private readonly Lock _holding = new();
    private readonly Queue<RunEvent> _held = [];
    private bool _isHolding = true;
    private readonly TimeProvider _time;
    private readonly AssemblyKeys _assemblies = new();
    private readonly EventFormat _format;
    private readonly ArrayBufferWriter<byte> _lines = new();
    private readonly ITimer _flushing;
    private FileStream? _file;
    private long _flushedAt;
    private bool _isClosed;

    public JournalWriter(Redactor redactor, TimeProvider time)
    {
        _time = time;
        _format = new EventFormat(_assemblies, redactor);
        _flushing = time.CreateTimer(_ => Flush(), null, FlushInterval, FlushInterval);
    }

    /// <summary>Why lines are missing from the file (its disk was full); null while all is well. Nothing is written from there
    /// on.</summary>
    public string? Failure { get; private set; }

    /// <summary>Writes the lines into a file of their own from here on, which takes the place of any that is there.</summary>
    public void Begin(string path)
    {
        Drain();
        lock (_writing)
        {
            Try(() => _file ??= new FileStream(
                path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0));
            FlushUnderLock();
        }
    }

    public void Append(RunEvent happened)
    {
        lock (_holding)
        {
            if (_isHolding)
            {
                _held.Enqueue(happened);
                if (_held.Count == 1)
                    _ = Task.Run(Drain);
                return;
            }
        }

        lock (_writing)
            Write(happened);
    }

    /// <summary>Gives what is left to the operating system.</summary>
    public void Flush()
    {
        Drain();
        lock (_writing)
            FlushUnderLock();
    }

    public void Dispose()
    {
        _flushing.Dispose();
        Drain();
        lock (_writing)
        {
            FlushUnderLock();
            _isClosed = true;
            Try(() => _file?.Dispose());
        }
    }

    // All held events are written, so that a later event comes after them.
    private void Drain()
    {
        lock (_writing)
        {
            try
            {
                while (TakeHeld() is { } happened)
                    Write(happened);
            }
            catch (Exception exception) when (exception is JsonException or NotSupportedException or InvalidOperationException)
            {
                // Nobody else would hear of the failure.
                Failure ??= exception.Message;
            }
        }
    }

    private RunEvent? TakeHeld()
    {
        lock (_holding)
        {
            if (_held.TryDequeue(out var happened))
                return happened;
            _isHolding = false;
            return null;
        }
    }

    private void Write(RunEvent happened)
    {
        if (_isClosed || Failure is not null)
            return;
        if (happened is AssemblyFound found)
            _assemblies.Add(found);
        _format.Write(happened, _lines);

        // The timer may be late where the machine is busy.
        if (_time.GetElapsedTime(_flushedAt) > FlushInterval)
            FlushUnderLock();
    }

    private void FlushUnderLock()
    {
        _flushedAt = _time.GetTimestamp();
        if (_file is not { } file || _lines.WrittenCount == 0 || _isClosed)
            return;
        if (Failure is null)
            Try(() => file.Write(_lines.WrittenSpan));
        _lines.ResetWrittenCount();
    }

    private void Try(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Failure ??= exception.Message;
        }
    }
}
