using System.Collections.Immutable;
using ConcurrentTesting.Discovery;

namespace ConcurrentTesting.Scheduling;

/// <summary>Gives every worker what it starts with: longest first to the worker that would be done with it first, opening costs included.</summary>
internal static class SeedPlanner
{
    public static ImmutableArray<ImmutableArray<Batch>> Assign(ImmutableArray<PlannedUnit> longestFirst, int workers, PlanCosts costs)
    {
        var loads = Enumerable.Range(0, workers).Select(_ => new Load()).ToArray();
        foreach (var unit in longestFirst)
        {
            var load = loads.MinBy(load => load.Seconds + load.OpeningCost(unit.Unit.Assembly, costs))!;
            load.Add(unit, costs);
        }

        return [.. loads.Select(load => load.ToBatches())];
    }

    private sealed class Load
    {
        private readonly Dictionary<TestAssembly, List<PlannedUnit>> _units = [];

        public double Seconds { get; private set; }

        public double OpeningCost(TestAssembly assembly, PlanCosts costs) =>
            _units.Count == 0 ? costs.Worker + costs.Host : _units.ContainsKey(assembly) ? 0 : costs.Host;

        // The first opening is everybody's price and balances nothing; a second host is this worker's own time.
        public void Add(PlannedUnit unit, PlanCosts costs)
        {
            Seconds += unit.Seconds + (_units.Count == 0 ? 0 : OpeningCost(unit.Unit.Assembly, costs));
            if (!_units.TryGetValue(unit.Unit.Assembly, out var units))
                _units.Add(unit.Unit.Assembly, units = []);
            units.Add(unit);
        }

        public ImmutableArray<Batch> ToBatches() =>
            [.. _units.Values.SelectMany(units => BatchOf.Several(units, BatchReasons.Plan)).OrderByDescending(batch => batch.Seconds)];
    }
}
