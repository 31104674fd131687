using System.Reflection;
using Microsoft.Extensions.Logging;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;
using Microsoft.VisualStudio.TestPlatform.Utilities;

namespace ConcurrentTesting.VsTest;

/// <summary>Writes what a test host told as VSTest itself does: by the SDK's own TRX logger. Not thread-safe.</summary>
internal sealed class TrxLog
{
    private const string LoggerFile = "Microsoft.VisualStudio.TestPlatform.Extensions.Trx.TestLogger.dll";
    private const string LoggerType = "Microsoft.VisualStudio.TestPlatform.Extensions.TrxLogger.TrxLogger";

    private static readonly Lock Loading = new();
    private static Type? _loaded;

    // The logger keeps what it knows of its types in fields of all its instances, without a lock.
    private static readonly Lock Writing = new();

    private readonly Events _events = new();
    private readonly ILogger _log;
    private bool _isBroken;

    private TrxLog(ILogger log) => _log = log;

    /// <param name="folder">Where the file and the attachments go.</param>
    /// <exception cref="NotSupportedException">This SDK's logger is another.</exception>
    public static TrxLog Begin(VsTestLocation location, string folder, string fileName, ILogger log)
    {
        try
        {
            var result = new TrxLog(log);
            var logger = (ITestLoggerWithParameters)Activator.CreateInstance(TypeOf(location), nonPublic: true)!;
            logger.Initialize(
                result._events,
                new Dictionary<string, string?> { [DefaultLoggerParameterNames.TestRunDirectory] = folder, ["LogFileName"] = fileName });
            return result;
        }
        catch (Exception exception) when (exception is not NotSupportedException)
        {
            throw new NotSupportedException($"the SDK's TRX logger cannot be used here: {exception.Message}", exception);
        }
    }

    public void Add(TestResult result) => Try(() => _events.Raise(new TestResultEventArgs(result)));

    public void Add(TestMessageLevel level, string message) => Try(() => _events.Raise(new TestRunMessageEventArgs(level, message)));

    /// <summary>Writes the file.</summary>
    public void End(TestRunCompleteEventArgs end) => Try(() =>
    {
        lock (Writing)
            _events.Raise(end);
    });

    // A logger's failure is no test's, nor its host's: the run then has no such file, as after a console that died.
    private void Try(Action tell)
    {
        if (_isBroken)
            return;
        try
        {
            tell();
        }
        catch (Exception exception)
        {
            _isBroken = true;
            _log.LogWarning("The TRX of a batch is not written: {Reason}", exception.Message);
        }
    }

    private static Type TypeOf(VsTestLocation location)
    {
        lock (Loading)
        {
            if (_loaded is not null)
                return _loaded;
            var file = Path.Combine(Path.GetDirectoryName(location.Console)!, "Extensions", LoggerFile);
            var type = Assembly.LoadFrom(file).GetType(LoggerType, throwOnError: true)!;
            KeepQuiet();
            return _loaded = type;
        }
    }

    // It tells each file that it wrote on the console, which is the run's own.
    private static void KeepQuiet()
    {
        foreach (var name in (string[])["_standardOutput", "_standardError"])
        {
            var writer = typeof(ConsoleOutput).GetField(name, BindingFlags.Instance | BindingFlags.NonPublic)
                ?? throw new NotSupportedException("the SDK's TRX logger cannot be kept from writing on the console.");
            writer.SetValue(ConsoleOutput.Instance, TextWriter.Null);
        }
    }

    private sealed class Events : TestLoggerEvents
    {
        public override event EventHandler<TestRunMessageEventArgs>? TestRunMessage;

        public override event EventHandler<TestRunStartEventArgs>? TestRunStart
        {
            add { }
            remove { }
        }

        public override event EventHandler<TestResultEventArgs>? TestResult;

        public override event EventHandler<TestRunCompleteEventArgs>? TestRunComplete;

        public override event EventHandler<DiscoveryStartEventArgs>? DiscoveryStart
        {
            add { }
            remove { }
        }

        public override event EventHandler<TestRunMessageEventArgs>? DiscoveryMessage
        {
            add { }
            remove { }
        }

        public override event EventHandler<DiscoveredTestsEventArgs>? DiscoveredTests
        {
            add { }
            remove { }
        }

        public override event EventHandler<DiscoveryCompleteEventArgs>? DiscoveryComplete
        {
            add { }
            remove { }
        }

        public void Raise(TestRunMessageEventArgs message) => TestRunMessage?.Invoke(this, message);

        public void Raise(TestResultEventArgs result) => TestResult?.Invoke(this, result);

        public void Raise(TestRunCompleteEventArgs end) => TestRunComplete?.Invoke(this, end);
    }
}
