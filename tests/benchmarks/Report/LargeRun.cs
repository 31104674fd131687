using System.Collections.Immutable;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;

namespace ConcurrentTesting.Benchmarks.Report;

/// <summary>Runs as large as real ones, with names and figures of their kind.</summary>
internal static class LargeRun
{
    private const int Workers = 8;
    private const int TestsOfClass = 25;

    private static readonly DateTimeOffset Start = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    private static readonly TestAssembly Assembly =
        new("/repo/tests/Shop.Tests/bin/Debug/net10.0/Shop.Tests.dll", "net10.0", TestFramework.XUnit3, "/repo/tests/Shop.Tests/Shop.Tests.csproj");

    public static RunRecord Of(int tests, int failures)
    {
        // The same in each round.
        var random = new Random(7);
        var clocks = new double[Workers];
        var rows = ImmutableArray.CreateBuilder<TestRecord>(tests);
        for (var number = 0; number < tests; number++)
        {
            var worker = number / TestsOfClass % Workers;
            var seconds = random.NextDouble() < 0.01 ? random.NextDouble() : 0.002 + (0.01 * random.NextDouble());
            rows.Add(Test(number, worker, clocks[worker], seconds, failures > 0 && number % (tests / failures) == 0));
            clocks[worker] += seconds + 0.001;
        }

        var end = clocks.Max();
        return new RunRecord
        {
            RunId = "a1b2c3d4e5",
            Settings = new ConcurrentTestSettings { Workers = Workers, RootDirectory = "/repo", ResultsDirectory = "/repo/artifacts/test-results" },
            Machine = "build-1",
            Seed = 7,
            StartedAt = Start,
            FinishedAt = Start.AddSeconds(end + 8),
            ExitCode = failures > 0 ? ConcurrentTestExitCode.TestsFailed : ConcurrentTestExitCode.Success,
            Reason = failures > 0 ? "tests failed" : "all tests passed",
            Discovered = tests,
            Tests = rows.MoveToImmutable(),
            Batches = [.. Enumerable.Range(0, Workers * 12).Select(number => Batch(number, end))],
            Workers = [.. Enumerable.Range(0, Workers).Select(worker => new WorkerRecord(worker, Start.AddSeconds(6), TimeSpan.FromSeconds(end), TimeSpan.FromSeconds(end), 12, tests / Workers))],
            Incidents = [],
            LowerBound = TimeSpan.FromSeconds(end / 2),
            KnownTimings = 1,
            PhaseSpans =
            [
                new PhaseSpan(PhaseNames.Build, Start, TimeSpan.FromSeconds(2)), new PhaseSpan(PhaseNames.Discovery, Start.AddSeconds(2), TimeSpan.FromSeconds(3)),
                new PhaseSpan(PhaseNames.Template, Start.AddSeconds(2), TimeSpan.FromSeconds(1)), new PhaseSpan(PhaseNames.Tests, Start.AddSeconds(6), TimeSpan.FromSeconds(end)),
            ],
            WorkSpans = [.. Enumerable.Range(0, Workers * 12).Select(number => new WorkSpan(number % Workers, number % 3 == 0 ? WorkKinds.Resets : WorkKinds.Clones, Start.AddSeconds(6 + (number / Workers * end / 12)), TimeSpan.FromSeconds(0.05)))],
        };
    }

    private static TestRecord Test(int number, int worker, double start, double seconds, bool fails)
    {
        var type = $"Shop.Tests.{Areas[number / TestsOfClass % Areas.Length]}.{Areas[number / TestsOfClass * 7 % Areas.Length]}Tests{number / TestsOfClass}";
        var name = $"Keeps_{Areas[number % Areas.Length]}_in_order(row: {number % TestsOfClass})";
        return new TestRecord
        {
            Id = $"{Assembly.Source}/{type}.{name}",
            Assembly = Assembly,
            CaseId = new Guid(number, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
            ClassName = type,
            MethodName = name.Split('(')[0],
            Name = name,
            SourceFile = $"/repo/tests/Shop.Tests/{type.Replace('.', '/')}.cs",
            Line = 12 + (number % 200),
            Attempts =
            [
                new TestAttempt
                {
                    Outcome = fails ? TestOutcome.Failed : TestOutcome.Passed,
                    Worker = worker,
                    Batch = number / 500,
                    Number = 1,
                    StartedAt = Start.AddSeconds(6 + start),
                    Duration = TimeSpan.FromSeconds(seconds),
                    Message = fails ? $"Assert.Equal() Failure: Values differ\nExpected: {number}\nActual:   {number + 1}" : null,
                    StackTrace = fails ? string.Join('\n', Enumerable.Range(0, 12).Select(frame => $"   at {type}.Step{frame}() in /repo/tests/Shop.Tests/{type}.cs:line {frame + number % 100}")) : null,
                    StandardOutput = fails ? string.Join('\n', Enumerable.Range(0, 20).Select(line => $"{line}: order {number * line} was read and is on its way")) : null,
                    Figures = new TestFigures { Queries = number % 17, Reads = number % 13, Writes = number % 5, QuerySeconds = seconds / 3 },
                },
            ],
        };
    }

    private static readonly ImmutableArray<string> Areas = ["Orders", "Baskets", "Invoices", "Customers", "Payments", "Stock", "Shipping", "Returns", "Prices", "Vouchers", "Reviews"];

    private static BatchRecord Batch(int number, double end) => new()
    {
        Number = number + 1,
        Worker = number % Workers,
        Assembly = Assembly,
        StartedAt = Start.AddSeconds(6 + (number / Workers * end / 12)),
        Duration = TimeSpan.FromSeconds(end / 12),
        Tests = 500,
        Reason = BatchReasons.Plan,
    };
}
