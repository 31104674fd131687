using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Benchmarks.Planning;

/// <summary>A suite that nobody runs: classes of all sizes, durations of all lengths, and recorded timings that are wrong or missing.</summary>
internal sealed class SimulatedSuite
{
    private const double MostWrong = 3;
    private const double UnknownShare = 0.2;

    // Nobody shares less than minutes of work among workers: where tests are few they are long.
    private const double LeastMedianSeconds = 0.05;
    private const double SecondsOfMedians = 150;

    // A few tests are a hundred times as long as most.
    private const double Spread = 1.3;

    private SimulatedSuite(TestCatalog catalog, ImmutableDictionary<TestEntry, double> seconds, TimingStore timings) =>
        (Catalog, Seconds, Timings) = (catalog, seconds, timings);

    public TestCatalog Catalog { get; }

    /// <summary>How long each test takes.</summary>
    public ImmutableDictionary<TestEntry, double> Seconds { get; }

    /// <summary>What an earlier run has told of that.</summary>
    public TimingStore Timings { get; }

    public static async Task<SimulatedSuite> MakeAsync(int tests, int seed)
    {
        var random = new Random(seed);
        var assembly = new TestAssembly("/repo/Shop.Tests/bin/net10.0/Shop.Tests.dll", "net10.0", TestFramework.XUnit2, null);
        var (units, seconds, recorded) = (ImmutableArray.CreateBuilder<TestUnit>(), ImmutableDictionary.CreateBuilder<TestEntry, double>(), new Dictionary<string, double>());
        for (var made = 0; made < tests;)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"Shop.Class{units.Count}");
            var size = Math.Min(tests - made, 1 + (int)Math.Exp(Normal(random) + 2));
            ImmutableArray<TestEntry> entries = [.. Enumerable.Range(0, size).Select(number => Entry(assembly, name, number))];
            units.Add(new TestUnit(name, assembly, entries));
            made += size;
            foreach (var entry in entries)
            {
                seconds[entry] = Math.Max(LeastMedianSeconds, SecondsOfMedians / tests) * Math.Exp(Spread * Normal(random));
                if (random.NextDouble() >= UnknownShare)
                    recorded[entry.Key] = seconds[entry] * Math.Pow(MostWrong, (random.NextDouble() * 2) - 1);
            }
        }

        return new SimulatedSuite(new TestCatalog([assembly], units.ToImmutable(), []), seconds.ToImmutable(), await ReadAsync(recorded));
    }

    private static async Task<TimingStore> ReadAsync(Dictionary<string, double> recorded)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(recorded));
            return await TimingStore.LoadAsync(file, text => throw new InvalidOperationException(text), default);
        }
        finally
        {
            File.Delete(file);
        }
    }

    // https://en.wikipedia.org/wiki/Box-Muller_transform
    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());

    public static TestEntry Entry(TestAssembly assembly, string className, int number)
    {
        var method = string.Create(CultureInfo.InvariantCulture, $"Test{number}");
        return new TestEntry
        {
            Assembly = assembly,
            Id = StableGuid.Of($"{className}.{method}"),
            Payload = new NoPayload(),
            ClassName = className,
            MethodName = method,
            DisplayName = $"{className}.{method}",
            FullyQualifiedName = $"{className}.{method}",
        };
    }

    private sealed record NoPayload : TestPayload;
}
