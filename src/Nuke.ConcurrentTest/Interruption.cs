using System.Collections.Immutable;
using System.Runtime.InteropServices;
using ConcurrentTesting;
using Microsoft.Extensions.Logging;

namespace Nuke.ConcurrentTest;

/// <summary>Ctrl-C, SIGTERM and SIGHUP, by which a terminal says that it is closed: the first cancels, a second ends the process at once.
/// NUKE itself would end it at the first.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly CancellationTokenSource _cancelled = new();
    private readonly CancellationTokenSource _terminated = new();
    private readonly ImmutableArray<PosixSignalRegistration> _registrations;
    private readonly ILogger _logger;
    private int _signals;

    public Interruption(ILogger logger)
    {
        _logger = logger;
        _registrations =
        [
            .. new[] { PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                OnSignal(context.Signal);
            })),
        ];

        // NUKE prints its summary in a handler of the same event, which was there before. A registration of the signal itself would come
        // before that handler, and the run it cancels could end first: the build's last lines would no longer be the last.
        Console.CancelKeyPress += OnCancelKeyPress;
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Ctrl-C, or the terminal was closed: somebody wants the run to end.</summary>
    public CancellationToken Cancelled => _cancelled.Token;

    /// <summary>SIGTERM: the host wants the machine back.</summary>
    public CancellationToken Terminated => _terminated.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= OnCancelKeyPress;
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
        _cancelled.Dispose();
        _terminated.Dispose();
    }

    private void OnCancelKeyPress(object? sender, ConsoleCancelEventArgs key)
    {
        if (key.SpecialKey != ConsoleSpecialKey.ControlC)
            return;
        key.Cancel = true;
        OnSignal(PosixSignal.SIGINT);
    }

    private void OnSignal(PosixSignal signal)
    {
        var isRepeated = Interlocked.Increment(ref _signals) > 1;
        // Of a closed terminal the system tells, and its shell once more.
        if (isRepeated && signal == PosixSignal.SIGHUP)
            return;
        if (isRepeated)
            Environment.Exit((int)ConcurrentTestExitCode.Cancelled);

        _logger.LogInformation("{Signal}: the run ends and writes what is known; a second signal ends it at once", signal);
        _ = _source.CancelAsync();
        _ = (signal == PosixSignal.SIGTERM ? _terminated : _cancelled).CancelAsync();
    }
}
