using System.Globalization;
using Nuke.Common.CI;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Sinks.SystemConsole.Themes;

namespace Nuke.Common.Execution;

/// <summary>Serilog to the console, to .nuke/temp/build.log on a terminal, and to the CI server.</summary>
public static class Logging
{
    public static readonly LoggingLevelSwitch LevelSwitch = new(LogEventLevel.Debug);

    private const string ConsoleTemplate = "{Timestamp:HH:mm:ss} [{Level:u3}] {Message:l}{NewLine}{Exception}";
    private const string FileTemplate = "{Timestamp:HH:mm:ss.fff} | {Level:u1} | {Target,-20} | {Message:l}{NewLine}{Exception}";

    private static readonly List<(string Target, LogEvent Entry)> RememberedEntries = [];
    private static string _target = string.Empty;

    /// <summary>Warnings and errors, which the end of the build repeats.</summary>
    internal static IReadOnlyList<(string Target, LogEvent Entry)> Remembered
    {
        get
        {
            lock (RememberedEntries)
                return [.. RememberedEntries];
        }
    }

    public static void Configure(INukeBuild build = null)
    {
        var configuration = new LoggerConfiguration()
            .MinimumLevel.Verbose()
            .Enrich.With(new TargetEnricher())
            .WriteTo.Console(
                outputTemplate: ConsoleTemplate,
                formatProvider: CultureInfo.InvariantCulture,
                theme: Console.IsOutputRedirected ? ConsoleTheme.None : SystemConsoleTheme.Literate,
                levelSwitch: LevelSwitch);
        if (build is not null)
        {
            configuration.WriteTo.Sink(new HostSink(build.Host), LogEventLevel.Warning);
            if (build.Host is not IBuildServer)
                ToFile(configuration, build.TemporaryDirectory / "build.log");
        }

        Log.Logger = configuration.CreateLogger();
    }

    public static IDisposable SetTarget(string name)
    {
        _target = name;
        return new WhenDisposed(() => _target = string.Empty);
    }

    internal static LogEventLevel ToLevel(Verbosity verbosity) => verbosity switch
    {
        Verbosity.Verbose => LogEventLevel.Verbose,
        Verbosity.Normal => LogEventLevel.Debug,
        Verbosity.Minimal => LogEventLevel.Warning,
        _ => LogEventLevel.Error,
    };

    internal static Verbosity ToVerbosity(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose => Verbosity.Verbose,
        LogEventLevel.Debug => Verbosity.Normal,
        LogEventLevel.Warning => Verbosity.Minimal,
        _ => Verbosity.Quiet,
    };

    /// <summary>The message with its values in place, strings without quotes.</summary>
    internal static string Text(LogEvent entry) => string.Concat(entry.MessageTemplate.Tokens.Select(token =>
        token is Serilog.Parsing.PropertyToken property
        && entry.Properties.TryGetValue(property.PropertyName, out var value)
        && value is ScalarValue { Value: string text }
            ? text
            : Render(entry, token)));

    private static string Render(LogEvent entry, Serilog.Parsing.MessageTemplateToken token)
    {
        using var writer = new StringWriter(CultureInfo.InvariantCulture);
        token.Render(entry.Properties, writer, CultureInfo.InvariantCulture);
        return writer.ToString();
    }

    private static void ToFile(LoggerConfiguration configuration, string file)
    {
        // One build a root at a time: a second one fails here, as with NUKE.
        using (var stream = File.OpenWrite(file))
            stream.SetLength(0);
        configuration.WriteTo.File(file, outputTemplate: FileTemplate, formatProvider: CultureInfo.InvariantCulture);
    }

    private sealed class HostSink(Host host) : ILogEventSink
    {
        public void Emit(LogEvent logEvent)
        {
            lock (RememberedEntries)
                RememberedEntries.Add((_target, logEvent));

            if (logEvent.Level == LogEventLevel.Warning)
                host.ReportWarning(Text(logEvent));
            else
                host.ReportError(Text(logEvent));
        }
    }

    private sealed class TargetEnricher : ILogEventEnricher
    {
        public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory) =>
            logEvent.AddOrUpdateProperty(new LogEventProperty("Target", new ScalarValue(_target)));
    }
}
