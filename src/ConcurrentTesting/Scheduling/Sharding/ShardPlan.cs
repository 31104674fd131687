using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json.Serialization;

namespace ConcurrentTesting.Scheduling.Sharding;

/// <summary>Which machine runs which classes: <c>plan.json</c>. Each discovered test is in exactly one part.</summary>
internal sealed record ShardPlan
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>What tells this plan from one that was made earlier of the same tests; null where the parts are by hash.</summary>
    public string? Id { get; init; }

    /// <summary>The hash of all tests that were discovered.</summary>
    public required string Discovery { get; init; }

    /// <summary>The hash of the recorded durations that it was made with; null: there were none, or the parts are by hash.</summary>
    public string? Timings { get; init; }

    /// <summary>What it was discovered with: random data are tests of other names with another seed. Null where the parts are by
    /// hash.</summary>
    public int? Seed { get; init; }

    /// <summary>What a part was to take at most, and the workers that were assumed on each machine; null where the parts are by
    /// hash.</summary>
    public double? TargetSeconds { get; init; }

    public int? Workers { get; init; }

    /// <summary>The share of the tests whose durations were recorded, 0 to 1; null where the parts are by hash.</summary>
    public double? Known { get; init; }

    public required int Tests { get; init; }

    /// <summary>Part by part, from 1.</summary>
    public required ImmutableArray<ShardPart> Parts { get; init; }

    /// <summary>All discovered tests, each as often as it was discovered.</summary>
    [JsonIgnore]
    public IEnumerable<ShardTest> All => Parts.SelectMany(part => part.All);

    /// <summary>The plan without secrets in its tests' names; the same where there are none.</summary>
    public ShardPlan Without(Redactor secrets)
    {
        if (All.All(test => secrets.Redact(test.Name) == test.Name))
            return this;
        var told = this with { Parts = [.. Parts.Select(part => part.Without(secrets))] };
        return told with { Discovery = HashOf(told.All) };
    }

    /// <summary>The hash of the tests' lines in ordinal order: assembly, class, name and whether it is explicit.</summary>
    public static string HashOf(IEnumerable<ShardTest> tests)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var text = new ArrayBufferWriter<byte>();
        foreach (var (start, ends) in LinesOf(tests))
        {
            Array.Sort(ends, StringComparer.Ordinal);
            foreach (var end in ends)
            {
                Encoding.UTF8.GetBytes(start, text);
                Encoding.UTF8.GetBytes(end, text);
            }

            hash.AppendData(text.WrittenSpan);
            text.ResetWrittenCount();
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // A class has its lines one after another, because they begin alike, so much less is compared and kept than whole lines. Only a name of
    // two lines could stand between those of another class.
    private static List<(string Start, string[] Ends)> LinesOf(IEnumerable<ShardTest> tests)
    {
        var classes = tests
            .GroupBy(test => (test.Assembly, test.Class), test => $"{test.Name}\n{(test.IsExplicit ? "explicit" : "")}\0")
            .Select(type => (Start: $"{type.Key.Assembly}\n{type.Key.Class}\n", Ends: type.ToArray()))
            .OrderBy(type => type.Start, StringComparer.Ordinal).ToList();
        return classes.Exists(type => type.Start.AsSpan().Count('\n') > 2)
            ? [("", [.. classes.SelectMany(type => type.Ends.Select(end => type.Start + end))])]
            : classes;
    }

    /// <summary>What a catalog holds, as plans name it.</summary>
    public static IEnumerable<ShardTest> TestsOf(TestCatalog catalog) =>
        catalog.Units.SelectMany(unit => unit.Entries).SelectMany(entry => TestsOf(entry, isExplicit: false))
            .Concat(catalog.Explicit.SelectMany(entry => TestsOf(entry, isExplicit: true)));

    private static IEnumerable<ShardTest> TestsOf(TestEntry entry, bool isExplicit) =>
        Enumerable.Repeat(
            new ShardTest(entry.Assembly.Source, entry.ClassName, TestNames.Short(entry.ClassName, entry.DisplayName), isExplicit),
            entry.CaseCount);
}

/// <summary>What one machine runs.</summary>
/// <param name="Part">From 1.</param>
/// <param name="Seconds">Expected wall time of its tests; null where the parts are by hash.</param>
/// <param name="Tests">How many tests it has.</param>
/// <param name="Classes">Longest first.</param>
internal sealed record ShardPart(
    int Part, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Seconds, int Tests,
    ImmutableArray<ShardClass> Classes)
{
    public ShardPart Without(Redactor secrets) => this with { Classes = [.. Classes.Select(type => type.Without(secrets))] };

    [JsonIgnore]
    public IEnumerable<ShardTest> All => Classes.SelectMany(type => type.All);
}

/// <summary>A class with all of its tests.</summary>
/// <param name="Assembly">As keys name it: <c>Shop.Tests (net10.0)</c>.</param>
/// <param name="Class">Namespace and class.</param>
/// <param name="Seconds">Expected seconds of work; null where the parts are by hash.</param>
/// <param name="Tests">Methods and rows, each as often as it was discovered.</param>
/// <param name="Explicit">Of explicit tests that nobody asked for, the same.</param>
internal sealed record ShardClass(
    string Assembly, string Class, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] double? Seconds,
    ImmutableArray<string> Tests, ImmutableArray<string> Explicit)
{
    public ShardClass Without(Redactor secrets) =>
        this with { Tests = [.. Tests.Select(secrets.Redact)], Explicit = [.. Explicit.Select(secrets.Redact)] };

    [JsonIgnore]
    public IEnumerable<ShardTest> All =>
        Tests.Select(name => new ShardTest(Assembly, Class, name, false)).Concat(
            Explicit.Select(name => new ShardTest(Assembly, Class, name, true)));
}

/// <summary>A test as all machines name it.</summary>
internal readonly record struct ShardTest(string Assembly, string Class, string Name, bool IsExplicit)
{
    /// <summary>It may be the other one, without the secrets in its name.</summary>
    public bool IsWithoutSecrets(ShardTest whole) =>
        Name.Contains(RecordedSettings.Mask, StringComparison.Ordinal) && this with { Name = whole.Name } == whole
        && Regex.IsMatch(
            whole.Name, $@"\A{string.Join(".*", Name.Split(RecordedSettings.Mask).Select(Regex.Escape))}\z",
            RegexOptions.Singleline | RegexOptions.NonBacktracking);

    public override string ToString() => $"{Assembly}/{TestNames.Full(Class, Name)}";
}
