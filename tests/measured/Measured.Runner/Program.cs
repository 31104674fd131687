using System.Collections.Immutable;
using System.Text.Json;
using System.Xml.Linq;
using ConcurrentTesting;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Execution.VsTest;
using ConcurrentTesting.Metrics.Measuring;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Client;
using Microsoft.VisualStudio.TestPlatform.ObjectModel.Logging;

// Runs one suite as a worker would and prints what was measured, as one JSON document a batch:
//   Measured.Runner <assembly> <framework> measure|watch|off <batches>
var assembly = new TestAssembly(Path.GetFullPath(args[0]), "net10.0", Enum.Parse<TestFramework>(args[1]), null);
var batches = int.Parse(args[3], System.Globalization.CultureInfo.InvariantCulture);
var results = Directory.CreateTempSubdirectory("measured-").FullName;
var settings = new ConcurrentTestSettings();
var announced = new HashSet<string>();
var location = await VsTestLocation.FindAsync(AppContext.BaseDirectory, default);
var runSettings = RunSettingsDocument.Load(settings, NullLogger.Instance);

try
{
    await using var hooks = TestHookServer.Open(Guid.NewGuid().ToString("N"), args[2] == "measure", NullLogger.Instance);
    await using var session = await VsTestSession.StartAsync(location, ProcessEnvironment.For(settings), null, NullLogger.Instance, default);
    var discovery = await session.DiscoverAsync([assembly.Path], runSettings.ForDiscovery(1, assembly), default);
    var entries = discovery.Cases.GroupBy(test => test.Id).Select(group => Entry(assembly, [.. group])).ToImmutableDictionary(entry => entry.Id);
    for (var batch = 1; batch <= batches; batch++)
        await RunAsync(session, hooks, entries, batch);
}
finally
{
    Directory.Delete(results, recursive: true);
}

async Task RunAsync(VsTestSession session, TestHookServer hooks, ImmutableDictionary<Guid, TestEntry> entries, int batch)
{
    var environment = ImmutableDictionary<string, string>.Empty;
    if (args[2] != "off")
        environment = hooks.EnvironmentFor(worker: 0, batch, assembly, environment);
    var text = runSettings.ForBatch(new BatchRunSettings(1, environment, results, $"batch-{batch}.trx", assembly));
    if (args[2] != "off")
    {
        var document = XDocument.Parse(text, LoadOptions.PreserveWhitespace);
        hooks.Configure(document.Root!, assembly);
        text = document.ToString(SaveOptions.DisableFormatting);
    }

    var handler = new Handler();
    var running = session.RunTestsAsync(entries.Values.SelectMany(entry => entry.Cases), text, handler, default);
    while (await Task.WhenAny(running, Task.Delay(100)) != running)
        Announce(hooks, batch);
    await running;
    var figures = await hooks.CollectAsync(batch, default);
    Print(entries, handler.Results, figures, handler.IsAborted);
}

void Announce(TestHookServer hooks, int batch)
{
    foreach (var process in hooks.ProcessIds(batch))
    {
        var line = $"process {process.Id} {process.Role} {(process.IsAlive ? "alive" : process.EndedByItself ? "ended" : "dead")}";
        if (announced.Add(line))
            Console.WriteLine(line);
    }
}

static void Print(ImmutableDictionary<Guid, TestEntry> entries, List<TestResult> results, BatchFigures figures, bool isAborted)
{
    var occurrences = new Dictionary<(TestEntry, string), int>();
    var rows = results.ConvertAll(result =>
    {
        var entry = entries[result.TestCase.Id];
        var name = ResultReader.NameOf(entry, result);
        var occurrence = occurrences[(entry, name)] = occurrences.GetValueOrDefault((entry, name), -1) + 1;
        return new { entry.ClassName, Name = name, Outcome = result.Outcome.ToString(), Milliseconds = result.Duration.TotalMilliseconds, Figures = figures.Find(entry, name, occurrence) };
    });
    Console.WriteLine(JsonSerializer.Serialize(new
    {
        IsAborted = isAborted,
        Rows = rows,
        figures.Outside.Fixtures,
        figures.Outside.NoTest,
        figures.Total,
        figures.NotMeasured,
    }));
}

static TestEntry Entry(TestAssembly assembly, ImmutableArray<TestCase> cases)
{
    var method = cases[0].FullyQualifiedName.Split('(')[0];
    var dot = method.LastIndexOf('.');
    return new TestEntry { Assembly = assembly, Cases = cases, ClassName = method[..dot], MethodName = method[(dot + 1)..] };
}

internal sealed class Handler : ITestRunEventsHandler
{
    public List<TestResult> Results { get; } = [];

    public bool IsAborted { get; private set; }

    public void HandleTestRunStatsChange(TestRunChangedEventArgs? testRunChangedArgs) => Add(testRunChangedArgs);

    public void HandleTestRunComplete(TestRunCompleteEventArgs testRunCompleteArgs, TestRunChangedEventArgs? lastChunkArgs, ICollection<AttachmentSet>? runContextAttachments, ICollection<string>? executorUris)
    {
        Add(lastChunkArgs);
        IsAborted = testRunCompleteArgs.IsAborted;
    }

    public void HandleLogMessage(TestMessageLevel level, string? message)
    {
        if (level != TestMessageLevel.Informational)
            Console.WriteLine($"{level}: {message}");
    }

    public void HandleRawMessage(string rawMessage)
    {
    }

    public int LaunchProcessWithDebuggerAttached(TestProcessStartInfo testProcessStartInfo) => -1;

    private void Add(TestRunChangedEventArgs? arguments)
    {
        var results = arguments?.NewTestResults?.ToList() ?? [];
        lock (Results)
            Results.AddRange(results);
    }
}
