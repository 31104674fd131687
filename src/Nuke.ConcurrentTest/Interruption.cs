using System.Runtime.InteropServices;
using ConcurrentTesting;
using Microsoft.Extensions.Logging;

namespace Nuke.ConcurrentTest;

/// <summary>Ctrl-C and SIGTERM: the first cancels, a second ends the process at once. NUKE itself would end it at the first.</summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly ILogger _logger;
    private int _signals;

    public Interruption(ILogger logger)
    {
        _logger = logger;
        _registrations = [PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal)];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
            Environment.Exit((int)ConcurrentTestExitCode.Cancelled);

        _logger.LogInformation("{Signal}: ending the run and writing what is known; once more ends it at once", context.Signal);
        _ = _source.CancelAsync();
    }
}
