using Microsoft.Extensions.Logging;
using Nuke.Common;

namespace Nuke.ConcurrentTest;

/// <summary>Knows what the build's verbosity shows. NUKE's own logger takes all levels and leaves those out late, where nobody can
/// ask.</summary>
internal sealed class VerbosityLogger(ILogger inner, Verbosity verbosity) : ILogger
{
    private readonly LogLevel _least = verbosity switch
    {
        Verbosity.Quiet => LogLevel.Error,
        Verbosity.Minimal => LogLevel.Warning,
        // NUKE's log file of the build has what its console leaves out.
        _ => LogLevel.Trace,
    };

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => inner.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logLevel >= _least && inner.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            inner.Log(logLevel, eventId, state, exception, formatter);
    }
}
