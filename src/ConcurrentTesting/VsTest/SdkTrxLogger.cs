using System.Reflection;
using System.Resources;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;
using Microsoft.VisualStudio.TestPlatform.Utilities;

namespace ConcurrentTesting.VsTest;

/// <summary>The SDK's own TRX logger, which hears of a batch as it does in a console. Not thread-safe.</summary>
internal sealed class SdkTrxLogger
{
    private const string LoggerFile = "Microsoft.VisualStudio.TestPlatform.Extensions.Trx.TestLogger.dll";
    private const string LoggerType = "Microsoft.VisualStudio.TestPlatform.Extensions.TrxLogger.TrxLogger";
    private const string Texts = "Microsoft.VisualStudio.TestPlatform.Extensions.TrxLogger.Resources.TrxResource";
    private const string TextOfSkipped = "MessageForSkippedTests";
    private const string EnglishOfSkipped = "Test '{0}' was skipped in the test run.";

    private static readonly Lock Loading = new();
    private static Type? _loaded;

    // The logger keeps what it knows of its types in fields of all its instances, without a lock.
    private static readonly Lock Writing = new();

    private readonly Events _events = new();

    /// <param name="folder">Where the file and the attachments go.</param>
    /// <exception cref="NotSupportedException">This SDK's logger is another.</exception>
    public SdkTrxLogger(VsTestLocation location, string folder, string fileName)
    {
        var logger = (ITestLoggerWithParameters)Activator.CreateInstance(TypeOf(location), nonPublic: true)!;
        logger.Initialize(
            _events,
            new Dictionary<string, string?> { [DefaultLoggerParameterNames.TestRunDirectory] = folder, ["LogFileName"] = fileName });
    }

    /// <summary>What it says of a skipped test, with a place for its name.</summary>
    public static string Skipped { get; private set; } = EnglishOfSkipped;

    /// <exception cref="NotSupportedException">This SDK's logger is another.</exception>
    public static void Load(VsTestLocation location) => TypeOf(location);

    public void Add(TestResult result) => _events.Raise(new TestResultEventArgs(result));

    public void Add(TestMessageLevel level, string message) => _events.Raise(new TestRunMessageEventArgs(level, message));

    /// <summary>Writes the file.</summary>
    public void End(TestRunCompleteEventArgs end)
    {
        lock (Writing)
            _events.Raise(end);
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
            Skipped = new ResourceManager(Texts, type.Assembly).GetString(TextOfSkipped, CultureInfo.CurrentUICulture) ?? EnglishOfSkipped;
            return _loaded = type;
        }
    }

    // The logger names each file that it wrote on the console, which is the run's own.
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
