using System.Collections.Concurrent;
using ConcurrentTesting.Console.Terminal;

namespace ConcurrentTesting.Console;

/// <summary>The only writer to the console while a run is shown. Lines are queued, so that no caller waits for a slow or stopped terminal;
/// each turn takes the live block away, hands the lines to the build's own logger and draws the block again.</summary>
/// <param name="progress">How many percent are done, and whether anything failed.</param>
/// <param name="dress">Gives a text that is safe to print the colours and links of the terminal.</param>
internal sealed class ConsolePrinter(
    ILogger console, ConsoleSurface surface, Func<(int Columns, int Rows), IReadOnlyList<string>> block,
    Func<(int Percent, bool HasFailures)> progress, Func<string, string> dress)
{
    private readonly ConcurrentQueue<(LogLevel Level, string Text)> _lines = [];
    private readonly Lock _printing = new();
    private readonly LiveBlock _block = new(surface);
    private readonly TaskbarProgress _taskbar = new(surface);
    private (int Columns, int Rows) _size;
    private bool _isClosed;
    private int _printed;

    /// <summary>A live block is shown: on a terminal, unless the build is to be quiet.</summary>
    public bool IsLive { get; } = surface.IsLive && console.IsEnabled(LogLevel.Information);

    /// <summary>Lines that people see which were taken to be printed so far.</summary>
    public int Printed => Volatile.Read(ref _printed);

    /// <summary>What went wrong when writing to the console; null while all is well.</summary>
    public Exception? Failure { get; private set; }

    public bool IsEnabled(LogLevel level) => console.IsEnabled(level);

    /// <summary>Queues a text that is safe to print.</summary>
    public void Print(LogLevel level, string text)
    {
        // A line below Information may stay hidden, whatever the build's logger says of its levels, so it does not count as printed.
        if (level >= LogLevel.Information)
            Interlocked.Increment(ref _printed);
        _lines.Enqueue((level, text));
        // Nobody takes turns after the end.
        if (Volatile.Read(ref _isClosed))
            Flush();
    }

    /// <summary>Takes a turn: prints what is queued and shows the block as it is now. Returns at once while another turn goes on.</summary>
    public void Turn()
    {
        if (!_printing.TryEnter())
            return;
        try
        {
            Guarded(() =>
            {
                PrintQueued();
                if (IsLive)
                    ShowBlock();
            });
        }
        finally
        {
            _printing.Exit();
        }
    }

    /// <summary>Prints what is queued and takes the block away until the next turn.</summary>
    public void Flush() => WhileHidden(() => { });

    /// <summary>Leaves the terminal to somebody else for as long as <paramref name="action"/> lasts; the next turn shows the block
    /// again.</summary>
    public void WhileHidden(Action action)
    {
        lock (_printing)
        {
            Guarded(() =>
            {
                PrintQueued();
                _block.Hide();
            });
            action();
        }
    }

    /// <summary>Like <see cref="Flush"/>, for good: no block is shown any more, and later lines are printed by their callers.</summary>
    public void Close()
    {
        lock (_printing)
        {
            Volatile.Write(ref _isClosed, true);
            Guarded(_taskbar.Clear);
        }

        Flush();
    }

    /// <summary>The last resort when the process ends without <see cref="Close"/>; gives up where another thread hangs in the
    /// terminal.</summary>
    public void CloseNow(TimeSpan patience)
    {
        if (!_printing.TryEnter(patience))
            return;
        try
        {
            Close();
        }
        finally
        {
            _printing.Exit();
        }
    }

    private void PrintQueued()
    {
        while (_lines.TryDequeue(out var line))
        {
            _block.Erase();
            console.Log(line.Level, default, Dressed(line.Text), null, static (text, _) => text);
        }
    }

    // A line without its colours is better than no line.
    private string Dressed(string text)
    {
        try
        {
            return IsLive ? dress(text) : text;
        }
        catch (Exception exception)
        {
            Failure ??= exception;
            return text;
        }
    }

    private void ShowBlock()
    {
        if (_isClosed)
            return;
        var size = surface.Size;
        if (size != _size)
            _block.Erase();
        _size = size;
        _block.Draw(block(size));
        var (percent, hasFailures) = progress();
        _taskbar.Show(percent, hasFailures);
    }

    // The console may be gone (a closed terminal): that is no reason to end the run, whose artifacts are still wanted.
    private void Guarded(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception)
        {
            Failure ??= exception;
        }
    }
}
