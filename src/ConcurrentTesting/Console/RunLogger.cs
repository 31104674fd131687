using System.Collections;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Console;

/// <summary>What the engine logs through: every line goes to run.log, redacted and safe to print, and on to the console where its level is
/// wanted there. The values of a message are redacted, not what stands around them: that is ours, and may hold a word that is somebody's
/// password.</summary>
internal sealed class RunLogger(RunLog runLog, Redactor redactor, ConsolePrinter printer) : ILogger
{
    private const string Template = "{OriginalFormat}";

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel == LogLevel.None)
            return;
        var message = Redacted(state, exception, formatter);
        runLog.Write(logLevel, PlainText.Escape(exception is null ? message : $"{message}\n{redactor.Redact(exception.ToString())}"));

        // NUKE's normal verbosity shows debug messages, so what only --verbosity Verbose should show goes out as trace.
        var shown = logLevel == LogLevel.Debug ? LogLevel.Trace : logLevel;
        if (printer.IsEnabled(shown))
            printer.Print(shown, PlainText.Escape(exception is null ? message : $"{message}{Explanation(message, exception)}"));
    }

    /// <summary>Always true: run.log has all levels.</summary>
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    private string Redacted<TState>(TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (state is not IReadOnlyList<KeyValuePair<string, object?>> values
            || values is not [.., { Key: Template, Value: string template }])
            return redactor.Redact(formatter(state, exception));
        var redacted = values.SkipLast(1).Select(value => Redacted(value.Value)).ToArray();
        var rendered = new RenderedMessage();
#pragma warning disable CA2254 // The template is a constant where the message was logged.
        rendered.LogInformation(template, redacted);
#pragma warning restore CA2254
        return rendered.Text;
    }

    private object? Redacted(object? value) => value switch
    {
        null or OwnWords or IFormattable => value,
        string text => redactor.Redact(text),
        IEnumerable many => many.Cast<object?>().Select(Redacted).ToArray(),
        _ => redactor.Redact(value.ToString() ?? ""),
    };

    // A fault that the user can mend is one line; a stack trace is for defects of this library.
    private string Explanation(string message, Exception exception)
    {
        if (exception is not ConcurrentTestException)
            return $"\n{redactor.Redact(exception.ToString())}";
        var reason = redactor.Redact(exception.Message);
        return message.Contains(reason, StringComparison.Ordinal) ? "" : $"\n{reason}";
    }

    private sealed class RenderedMessage : ILogger
    {
        public string Text { get; private set; } = "";

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Text = formatter(state, exception);

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
