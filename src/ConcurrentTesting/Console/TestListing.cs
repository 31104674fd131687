using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Console;

/// <summary>What a test is expected to take.</summary>
/// <param name="IsKnown">Measured in earlier runs; otherwise a guess from its class or from all tests.</param>
internal readonly record struct TestPrediction(TimeSpan Duration, bool IsKnown);

/// <summary>A part of the plan: the units that one worker begins with, in order, or those that all workers share at the end.</summary>
/// <param name="Worker">The worker; null for the shared part.</param>
internal sealed record PlannedShare(int? Worker, ImmutableArray<TestUnit> Units, TimeSpan Expected);

/// <summary>Everything that <c>--test-list</c> shows: what would run, how long it is expected to take, and who would begin with
/// what.</summary>
internal sealed record TestListing
{
    // The list by assembly already shows all of them.
    private const int MostUnits = 5;

    public required TestCatalog Catalog { get; init; }
    public required Func<TestEntry, TestPrediction> Predict { get; init; }
    public required ImmutableArray<PlannedShare> Plan { get; init; }
    public required int Seed { get; init; }

    /// <summary>The expected wall time of the tests.</summary>
    public required TimeSpan Expected { get; init; }

    /// <summary>A text for each assembly, one for the explicit tests where there are any, and one for the plan.</summary>
    public IEnumerable<string> Texts()
    {
        foreach (var units in Catalog.Units.GroupBy(unit => unit.Assembly))
            yield return string.Join('\n', Assembly(units.Key, [.. units]));
        if (!Catalog.Explicit.IsEmpty)
            yield return string.Join('\n', Explicit());
        yield return string.Join('\n', Shares());
    }

    private IEnumerable<string> Assembly(TestAssembly assembly, ImmutableArray<TestUnit> units)
    {
        yield return $"{assembly.Source}  {assembly.Framework}, {Units(units.Length)}, {Size(units)}";
        foreach (var unit in units)
        {
            yield return $"  {PlainText.OneLine(unit.Name)}  {Size([unit])}";
            foreach (var entry in unit.Entries)
                yield return $"    {Entry(entry)}  {Text(Predict(entry))}";
        }
    }

    private IEnumerable<string> Explicit()
    {
        yield return Invariant($"Explicit, run only when named  {Tests(Catalog.Explicit.Sum(entry => entry.CaseCount))}");
        foreach (var entry in Catalog.Explicit)
            yield return $"  {PlainText.OneLine(entry.Assembly.Source)}  {PlainText.OneLine(TestNames.Full(entry.ClassName, entry.DisplayName))}";
    }

    private IEnumerable<string> Shares()
    {
        var entries = Catalog.Units.SelectMany(unit => unit.Entries).ToList();
        var known = entries.Count == 0 ? 0 : 100 * entries.Count(entry => Predict(entry).IsKnown) / entries.Count;
        var workers = Plan.Count(share => share.Worker is not null);
        yield return Invariant(
            $"Plan  {Quantity.Of(workers, "worker")}, {Tests(Catalog.CaseCount)}, about {DurationText.Measured(Expected)}, {known}% of the durations known, seed {Seed}");
        foreach (var share in Plan)
        {
            yield return $"  {Owner(share)}  {DurationText.Measured(share.Expected)}, {Units(share.Units.Length)}, {Tests(Cases(share.Units))}";
            foreach (var unit in share.Units.Take(MostUnits))
                yield return $"    {unit.Assembly.Source}  {PlainText.OneLine(unit.Name)}  {Size([unit])}";
            if (share.Units.Length > MostUnits)
                yield return Invariant($"    ... and {Units(share.Units.Length - MostUnits)} more");
        }
    }

    private string Size(ImmutableArray<TestUnit> units)
    {
        var seconds = units.Sum(unit => unit.Entries.Sum(entry => Predict(entry).Duration.TotalSeconds));
        return Invariant($"{Tests(Cases(units))}, {DurationText.Measured(TimeSpan.FromSeconds(seconds))}");
    }

    private static string Entry(TestEntry entry)
    {
        var name = PlainText.OneLine(TestNames.Short(entry.ClassName, entry.DisplayName));
        return entry.CaseCount == 1 ? name : Invariant($"{name} (x{entry.CaseCount})");
    }

    private static string Text(TestPrediction prediction) => (prediction.IsKnown ? "" : "~") + DurationText.Measured(prediction.Duration);

    private static string Owner(PlannedShare share) => share.Worker is { } worker ? Invariant($"worker {worker}") : "shared";

    private static int Cases(ImmutableArray<TestUnit> units) => units.Sum(unit => unit.Entries.Sum(entry => entry.CaseCount));

    private static string Tests(int count) => Quantity.Of(count, "test");

    private static string Units(int count) => Quantity.Of(count, "unit");
}
