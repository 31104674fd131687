namespace ConcurrentTesting.Benchmarks.Suites;

/// <summary>A suite to measure.</summary>
/// <param name="Framework">XUnit2, XUnit3, NUnit or MSTest.</param>
/// <param name="Classes">How many classes it has.</param>
/// <param name="Rows">Rows of each class's one test, all of them literals.</param>
/// <param name="Body">What a row does, with its number in <c>n</c>.</param>
/// <param name="Workers">How many workers run it.</param>
internal sealed record Scenario(string Name, string Framework, int Classes, int Rows, string Body, int Workers)
{
    /// <summary>The body of a further class with one test; null: there is none.</summary>
    public string? LongTest { get; init; }

    /// <summary>Further C# of the suite, before its namespace's types.</summary>
    public string Source { get; init; } = "";

    /// <summary>Tests use a database of PostgreSQL: that of their worker, or by <c>dotnet test</c> one that all share.</summary>
    public bool NeedsDatabase { get; init; }

    /// <summary>Of a suite that is held to <see cref="WorkerCounts"/> too.</summary>
    public bool IsCounted { get; init; }

    /// <summary>With timings, at most this part of the wall time of <c>dotnet test</c>; null: held to something else.</summary>
    public double? MostOfSerial { get; init; }

    /// <summary>With timings, at least so many times faster than <c>dotnet test</c>.</summary>
    public double? LeastTimesFaster { get; init; }

    /// <summary>With timings, at most this part of the CPU time of <c>dotnet test</c>.</summary>
    public double? MostCpuOfSerial { get; init; }

    /// <summary>With timings, the tests' phase takes at most so many seconds.</summary>
    public double? MostSeconds { get; init; }

    public int Tests => (Classes * Rows) + (LongTest is null ? 0 : 1);
}

/// <summary>What is measured.</summary>
internal static class Scenarios
{
    private const string Trivial = "if (n < 0) throw new System.Exception();";
    private const string Wait = "System.Threading.Thread.Sleep(50);";
    private const string Compute = "var sum = n; for (var i = 0; i < 1_000_000; i++) sum = (sum * 31) + i; if (sum == 1) throw new System.Exception();";

    // Its own database is its own: it finds what it wrote, and nothing else, after a wait that is the server's. In sequence, as tests that share a database are.
    private const string Visits = """
        [assembly: CollectionBehavior(DisableTestParallelization = true)]
        namespace Generated;
        public static class Visits
        {
            public static void Visit(int n)
            {
                using var connection = new Npgsql.NpgsqlConnection(System.Environment.GetEnvironmentVariable("ConnectionStrings__Default"));
                connection.Open();
                Ask("DELETE FROM visits");
                Ask($"INSERT INTO visits VALUES ({n})");
                Ask("SELECT pg_sleep(0.3)");
                if (Ask("SELECT count(*) FROM visits") is not 1L)
                    throw new System.InvalidOperationException("Somebody else has written.");

                object? Ask(string text)
                {
                    using var command = new Npgsql.NpgsqlCommand(text, connection);
                    return command.ExecuteScalar();
                }
            }
        }
        """;

    public static Scenario[] All { get; } =
    [
        new("database-bound, 400 tests of 0.3 s, xunit 2", "XUnit2", 80, 5, "Visits.Visit(n);", 8)
        {
            Source = Visits, NeedsDatabase = true, IsCounted = true, LeastTimesFaster = 6,
        },
        new("400 tests of 50 ms, xunit 2", "XUnit2", 40, 10, Wait, 8) { IsCounted = true, MostSeconds = 2.5 + 1.5 },
        new("10,000 trivial tests, xunit 2", "XUnit2", 100, 100, Trivial, 2) { IsCounted = true, MostOfSerial = 0.6 },
        new("10,000 trivial tests, xunit v3", "XUnit3", 100, 100, Trivial, 2) { IsCounted = true, MostOfSerial = 1.0 },
        new("10,000 trivial tests, NUnit", "NUnit", 100, 100, Trivial, 2) { IsCounted = true, MostOfSerial = 0.6 },
        new("10,000 trivial tests, MSTest", "MSTest", 100, 100, Trivial, 2) { IsCounted = true, MostOfSerial = 0.6 },
        new("one test of 30 s among 1,000, xunit 2", "XUnit2", 100, 10, Trivial, 4)
        {
            IsCounted = true, LongTest = "System.Threading.Thread.Sleep(30_000);", MostSeconds = 1.05 * 30,
        },
        new("20,000 tests that compute, NUnit", "NUnit", 100, 200, Compute, 2) { MostOfSerial = 1.2, MostCpuOfSerial = 1.5 },
    ];

    /// <summary>Those with one of these parts in their names; all where none is given.</summary>
    public static IEnumerable<Scenario> Named(IReadOnlyCollection<string> parts) =>
        All.Where(scenario => parts.Count == 0 || parts.Any(part => scenario.Name.Contains(part, StringComparison.OrdinalIgnoreCase)));
}
