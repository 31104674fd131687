using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Reporting;

/// <summary>
/// What the engine logs through: every line goes to run.log, redacted and safe to print, and on to the console where its level is wanted there.
/// </summary>
internal sealed class RunLogger(RunLog runLog, Redactor redactor, ConsolePrinter printer) : ILogger
{
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel == LogLevel.None)
            return;
        var message = formatter(state, exception);
        runLog.Write(logLevel, Safe(exception is null ? message : $"{message}\n{exception}"));

        // NUKE's normal verbosity shows debug messages: what is only wanted with --verbosity Verbose goes out as trace.
        var shown = logLevel == LogLevel.Debug ? LogLevel.Trace : logLevel;
        if (printer.IsEnabled(shown))
            printer.Print(shown, Safe(exception is null ? message : $"{message}{Explanation(message, exception)}"));
    }

    /// <summary>Always true: run.log has all levels.</summary>
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    private string Safe(string text) => PlainText.Escape(redactor.Redact(text));

    // What the user can mend is one line; a stack trace is for defects of this library.
    private static string Explanation(string message, Exception exception)
    {
        if (exception is not ConcurrentTestException)
            return $"\n{exception}";
        return message.Contains(exception.Message, StringComparison.Ordinal) ? "" : $"\n{exception.Message}";
    }
}
