using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports;
using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Settings;

namespace ConcurrentTesting.Tests.Reports;

/// <summary>
/// Makes records of runs. The suites are real: each asset is what VSTest's logger wrote for a small suite, and the record holds what the run
/// would have heard from VSTest itself (the logger escapes emojis and control characters, VSTest's events do not).
/// </summary>
internal static partial class RecordedRun
{
    public static readonly DateTimeOffset Start = new(2026, 11, 22, 14, 48, 0, TimeSpan.Zero);

    public static string Asset(string name) => Path.Combine(AppContext.BaseDirectory, "Reports", "Assets", name);

    public static TestAssembly Assembly(TestFramework framework = TestFramework.XUnit3, string targetFramework = "net10.0", string name = "Shop.Tests") =>
        new($"/repo/tests/{name}/bin/Debug/{targetFramework}/{name}.dll", targetFramework, framework, $"/repo/tests/{name}/{name}.csproj");

    public static RunRecord Of(string results, IEnumerable<TestRecord> tests, params IEnumerable<BatchRecord> batches)
    {
        ImmutableArray<TestRecord> all = [.. tests];
        return new RunRecord
        {
            RunId = "20261122-144800-1a2b",
            Settings = new ConcurrentTestSettings { Workers = 2, ResultsDirectory = results, RootDirectory = "/repo" },
            Machine = "build-1",
            Seed = 7,
            StartedAt = Start,
            FinishedAt = Start.AddSeconds(10),
            ExitCode = all.Any(test => test.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped)) ? ConcurrentTestExitCode.TestsFailed : ConcurrentTestExitCode.Success,
            Reason = "all of it ran",
            Discovered = all.Length,
            Tests = all,
            Batches = [.. batches],
            Workers = [new WorkerRecord(0, Start, TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(8), 2, 5), new WorkerRecord(1, Start, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(4), 1, 3)],
            Incidents = [],
            LowerBound = TimeSpan.FromSeconds(6),
            Efficiency = 0.75,
            KnownTimings = 0.5,
        };
    }

    public static Task<ImmutableArray<Incident>> WriteAsync(RunRecord record, CancellationToken cancellationToken)
    {
        var redactor = Redactor.Of(record.Settings);
        return RunArtifacts.WriteAsync(record, RecordedValue.All(record.Settings, redactor), redactor, cancellationToken);
    }

    /// <summary>Its run.json, with its tests.</summary>
    public static RunDocument Document(RunRecord record)
    {
        using var folder = new TemporaryFolder();
        var file = folder.File("run.json");
        using (var stream = File.Create(file))
        {
            WriteJson(record, stream, new Redactor());
        }

        return RunJsonFile.Read(file);
    }

    /// <summary>Writes its run.json.</summary>
    public static void WriteJson(RunRecord record, Stream output, Redactor redactor) =>
        RunJsonFile.Write(record, RecordedValue.All(record.Settings, redactor), output, redactor, CancellationToken.None);

    public static BatchRecord Batch(int number, string? trxFile = null, int worker = 0, string? error = null, TestAssembly? assembly = null, string reason = "plan") => new()
    {
        Number = number,
        Worker = worker,
        Assembly = assembly ?? Assembly(),
        StartedAt = Start.AddSeconds(1),
        Duration = TimeSpan.FromSeconds(2),
        Tests = 1,
        Reason = reason,
        TrxFile = trxFile,
        Error = error,
    };

    public static TestRecord Test(string name, params ImmutableArray<TestAttempt> attempts) => new()
    {
        Id = $"Shop.Tests (net10.0)/Shop.Tests.BasketTests.{name}",
        Assembly = Assembly(),
        CaseId = StableGuid.Of(name),
        ClassName = "Shop.Tests.BasketTests",
        MethodName = name.Split('(')[0],
        Name = name,
        Attempts = attempts.Length > 0 ? attempts : [Attempt()],
    };

    public static TestAttempt Attempt(TestOutcome outcome = TestOutcome.Passed, int number = 1, int batch = 0, int worker = 0) => new()
    {
        Outcome = outcome,
        Worker = worker,
        Batch = batch,
        Number = number,
        StartedAt = Start.AddSeconds(number),
        Duration = TimeSpan.FromMilliseconds(10),
    };

    /// <summary>What the run would have recorded of the suite that an asset came from.</summary>
    public static ImmutableArray<TestRecord> Suite(string trxFile, TestAssembly assembly, int batch)
    {
        var ns = XNamespace.Get("http://microsoft.com/schemas/VisualStudio/TeamTest/2010");
        var document = XDocument.Load(trxFile);
        var definitions = document.Descendants(ns + "UnitTest").ToDictionary(unit => unit.Attribute("id")!.Value, unit => unit.Element(ns + "TestMethod")!);
        return [.. document.Descendants(ns + "UnitTestResult").Select(row => FromRow(row, definitions[row.Attribute("testId")!.Value], assembly, batch))];
    }

    private static TestRecord FromRow(XElement row, XElement method, TestAssembly assembly, int batch)
    {
        var ns = row.Name.Namespace;
        var className = method.Attribute("className")!.Value;
        var name = TestNames.Short(className, Heard(row.Attribute("testName")!.Value)!);
        return new TestRecord
        {
            Id = $"{assembly.Source}/{className}.{name}",
            Assembly = assembly,
            CaseId = Guid.Parse(row.Attribute("testId")!.Value),
            ClassName = className,
            MethodName = method.Attribute("name")!.Value,
            Name = name,
            Attempts =
            [
                new TestAttempt
                {
                    Outcome = Enum.Parse<TestOutcome>(row.Attribute("outcome")!.Value.Replace("NotExecuted", "Skipped", StringComparison.Ordinal)),
                    Worker = 0,
                    Batch = batch,
                    Number = 1,
                    StartedAt = DateTimeOffset.Parse(row.Attribute("startTime")!.Value, CultureInfo.InvariantCulture),
                    Duration = TimeSpan.Parse(row.Attribute("duration")?.Value ?? "0", CultureInfo.InvariantCulture),
                    Message = Heard(row.Descendants(ns + "Message").FirstOrDefault()?.Value),
                    StackTrace = Heard(row.Descendants(ns + "StackTrace").FirstOrDefault()?.Value),
                    StandardOutput = Heard(row.Descendants(ns + "StdOut").FirstOrDefault()?.Value),
                    StandardError = Heard(row.Descendants(ns + "StdErr").FirstOrDefault()?.Value),
                },
            ],
        };
    }

    /// <summary>Emojis as VSTest's events have them. (What xunit escapes itself has two hexadecimal digits, or stands in quotes.)</summary>
    private static string? Heard(string? written) => written is null
        ? null
        : EscapedPair().Replace(written, match => string.Concat((char)Convert.ToInt32(match.Groups[1].Value, 16), (char)Convert.ToInt32(match.Groups[2].Value, 16)));

    [GeneratedRegex(@"\\u(d8[0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})")]
    private static partial Regex EscapedPair();
}
