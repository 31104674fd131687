using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;

namespace ConcurrentTesting.VsTest;

/// <summary>The program of an xunit v3 suite while it runs tests: what it says, a JSON object a line, and how it ends.</summary>
internal sealed class XUnit3Process : IAsyncDisposable
{
    // The adapter gives the program as long.
    private static readonly TimeSpan EndBound = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan KillBound = TimeSpan.FromSeconds(2);

    // What a process wrote before it ended can be read at once, unless one that its tests started holds the stream open.
    private static readonly TimeSpan QuietBound = TimeSpan.FromSeconds(1);

    // Reading megabytes takes about a second.
    private static readonly TimeSpan LongestMessage = TimeSpan.FromMinutes(1);
    private const int BufferSize = 64 * 1024;
    private static readonly byte[] Answer = [(byte)'\n'];

    private readonly TestProcess _process;
    private readonly bool _isSynchronous;
    private readonly ILogger _log;
    private readonly PipeReader _output;
    private long _begun;
    private readonly TaskCompletionSource _spoken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _heard;

    private XUnit3Process(TestProcess process, bool isSynchronous, ILogger log)
    {
        _process = process;
        _isSynchronous = isSynchronous;
        _log = log;
        _output = PipeReader.Create(process.Output, new StreamPipeReaderOptions(bufferSize: BufferSize));
    }

    public int Id => _process.Id;

    public Task<ProcessExit> Exited => ExitAsync();

    /// <summary>Null while it lives.</summary>
    public ProcessExit? Exit => _process.Exit;

    /// <summary>Completes with its first message: then it has read its arguments.</summary>
    public Task Spoken => _spoken.Task;

    /// <summary>Whether something that it said is on its way or being heard, for a bounded time.</summary>
    public bool IsTelling =>
        Volatile.Read(ref _begun) is not 0 and var begun && Stopwatch.GetElapsedTime(begun) < LongestMessage;

    /// <param name="environment">Its whole environment; nothing else is inherited.</param>
    /// <exception cref="System.ComponentModel.Win32Exception">The program cannot be started.</exception>
    public static XUnit3Process Start(
        XUnit3Command command, string arguments, IReadOnlyDictionary<string, string> environment, SessionProcesses session, ILogger log)
    {
        var process = new XUnit3Process(
            TestProcess.Start(command.StartWith(arguments), environment, session), command.IsSynchronous, log);
        log.LogDebug("Started test program {ProcessId} {Program}", process.Id, command.Program);
        return process;
    }

    /// <summary>Hears it until it has ended; one that has told all, or cannot say more, and does not end is ended. Null: it did not end by
    /// itself.</summary>
    public async Task<ProcessExit?> HearAsync(XUnit3Messages messages, CancellationToken cancellationToken)
    {
        var reading = ReadAsync(messages, cancellationToken);
        await Task.WhenAny(_process.Exited, OverdueAsync(reading, messages, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        var exit = _process.Exit;
        if (exit is null)
        {
            _log.LogDebug("The test program {ProcessId} does not end and is ended", Id);
            _process.Kill();
        }

        await DrainAsync(reading, cancellationToken);
        return exit;
    }

    /// <summary>What it wrote to its error stream.</summary>
    public Task<string> ErrorsAsync() => _process.AllErrorsAsync();

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await Task.WhenAny(_process.Exited, Task.Delay(KillBound));
        await _output.CompleteAsync();
        await CloseInputAsync();
        _process.Dispose();
    }

    private async Task CloseInputAsync()
    {
        try
        {
            await _process.Input.DisposeAsync();
        }
        catch (IOException)
        {
            // Nobody reads the messages.
        }
    }

    private async Task<ProcessExit> ExitAsync() => ProcessExit.OfCode(await _process.Exited);

    // Completes some time after the program's end was due; at once where the program cannot be heard.
    private static async Task OverdueAsync(Task reading, XUnit3Messages messages, CancellationToken cancellationToken)
    {
        await Task.WhenAny(reading, messages.Finished);
        if (!reading.IsFaulted)
            await Task.Delay(EndBound, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task DrainAsync(Task reading, CancellationToken cancellationToken)
    {
        while (!reading.IsCompleted)
        {
            var heard = Volatile.Read(ref _heard);
            if (await Task.WhenAny(reading, Task.Delay(QuietBound, cancellationToken)) != reading && heard == Volatile.Read(ref _heard))
                break;
        }

        _output.CancelPendingRead();
        await reading;
    }

    private async Task ReadAsync(XUnit3Messages messages, CancellationToken cancellationToken)
    {
        var searched = 0L;
        while (true)
        {
            var read = await _output.ReadAsync(cancellationToken);
            var rest = read.Buffer;
            while (rest.Slice(searched).PositionOf((byte)'\n') is { } end)
            {
                Volatile.Write(ref _begun, Stopwatch.GetTimestamp());
                Hear(messages, rest.Slice(0, end));
                rest = rest.Slice(rest.GetPosition(1, end));
                searched = 0;
                Volatile.Write(ref _begun, 0);
            }

            searched = rest.Length;
            if (searched > 0 && Volatile.Read(ref _begun) == 0)
                Volatile.Write(ref _begun, Stopwatch.GetTimestamp());
            _output.AdvanceTo(rest.Start, rest.End);
            if (read.IsCompleted || read.IsCanceled)
                return;
        }
    }

    private void Hear(XUnit3Messages messages, ReadOnlySequence<byte> line)
    {
        using var message = XUnit3Json.Parse(line);
        if (message?.RootElement.ValueKind != JsonValueKind.Object)
        {
            _log.LogTrace("The test program {ProcessId} wrote {Length} bytes that are no message", Id, line.Length);
            return;
        }

        Interlocked.Increment(ref _heard);
        _spoken.TrySetResult();
        messages.Take(message.RootElement);

        // The program waits for an answer to each message, and to nothing else.
        if (_isSynchronous)
            Continue();
    }

    private void Continue()
    {
        try
        {
            var input = _process.Input.BaseStream;
            input.Write(Answer);
            input.Flush();
        }
        catch (IOException)
        {
            // The program has ended.
        }
    }
}
