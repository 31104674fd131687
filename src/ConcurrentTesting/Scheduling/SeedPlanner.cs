namespace ConcurrentTesting.Scheduling;

/// <summary>Gives every worker what it starts with: longest first to the worker that would be done with it first, opening costs and set-ups
/// included.</summary>
internal static class SeedPlanner
{
    public static ImmutableArray<ImmutableArray<Batch>> Assign(
        ImmutableArray<PlannedPart> longestFirst, int workers, PlanCosts costs, SetUpPrices prices)
    {
        var count = WorkersThatPay(longestFirst, workers, costs, prices);
        var loads = Enumerable.Range(0, count).Select(worker => new Load(costs, prices, costs.LaterStart(worker))).ToArray();
        foreach (var part in longestFirst)
        {
            var load = loads.MinBy(load => load.Seconds + load.OpeningCost(part.Assembly) + load.SetUpCost(part))!;
            load.Add(part);
        }

        return [.. loads.Select(load => load.ToBatches()), .. Enumerable.Repeat(ImmutableArray<Batch>.Empty, workers - count)];
    }

    // Where hosts take turns, each further worker begins later itself; where consoles start at once and share the cores, all begin later.
    private static int WorkersThatPay(ImmutableArray<PlannedPart> parts, int workers, PlanCosts costs, SetUpPrices prices)
    {
        var seconds = parts.Select(part => part.Seconds + prices.Priced(part).Sum(setUp => prices.Of(part.Assembly, setUp))).ToList();
        var total = seconds.Sum();
        var longest = seconds.DefaultIfEmpty(0).Max();
        var assemblies = parts.Select(part => part.Assembly).Distinct().ToList();
        return Enumerable.Range(1, workers).Reverse()
            .MinBy(count => costs.Exploring(assemblies, count) + (costs.TakesTurns
                ? Math.Max(longest, (total + Enumerable.Range(0, count).Sum(costs.LaterStart)) / count)
                : ((costs.Worker + costs.Host) * count / workers) + Math.Max(longest, total / count)));
    }

    private sealed class Load(PlanCosts costs, SetUpPrices prices, double begin)
    {
        private readonly Dictionary<TestAssembly, List<PlannedUnit>> _units = [];
        private readonly HashSet<(TestAssembly, string)> _setUps = [];

        public double Seconds { get; private set; } = begin;

        public double OpeningCost(TestAssembly assembly) =>
            _units.ContainsKey(assembly) ? 0 : (_units.Count == 0 ? 0 : costs.Host) + costs.Exploration.Seconds(assembly);

        // A worker has one batch for each assembly, so a set-up counts once.
        public double SetUpCost(PlannedPart part) => prices.Priced(part)
            .Where(setUp => !_setUps.Contains((part.Assembly, setUp.Name)))
            .Sum(setUp => prices.Of(part.Assembly, setUp));

        // The first host costs every worker the same and balances nothing; it has decided how many workers there are.
        public void Add(PlannedPart part)
        {
            Seconds += part.Seconds + SetUpCost(part) + OpeningCost(part.Assembly);
            _setUps.UnionWith(prices.Priced(part).Select(setUp => (part.Assembly, setUp.Name)));
            if (!_units.TryGetValue(part.Assembly, out var units))
                _units.Add(part.Assembly, units = []);
            units.AddRange(part.Units);
        }

        public ImmutableArray<Batch> ToBatches() =>
            [.. _units.Values.SelectMany(units => BatchOf.Several(units, BatchReasons.Plan)).OrderByDescending(batch => batch.Seconds)];
    }
}
