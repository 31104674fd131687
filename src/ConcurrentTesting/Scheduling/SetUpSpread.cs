namespace ConcurrentTesting.Scheduling;

/// <summary>Units that are planned as one, because a shared set-up costs more in several batches than it saves.</summary>
internal sealed record PlannedPart(ImmutableArray<PlannedUnit> Units)
{
    public TestAssembly Assembly => Units[0].Unit.Assembly;
    public double Seconds { get; } = Units.Sum(unit => unit.Seconds);
}

/// <summary>Over how many workers each shared set-up is spread: over no more than it takes for the run to end as early as it can. A
/// set-up's classes are malleable work, and each part of it costs the set-up's price: the least time in which all of it fits on the workers
/// gives the number of parts.</summary>
internal sealed class SetUpSpread
{
    private const double Precision = 0.01;

    private readonly SetUpPrices _prices;
    private readonly int _workers;
    private readonly PlanCosts _costs;
    private readonly Dictionary<string, Group> _groups;

    private SetUpSpread(SetUpPrices prices, int workers, PlanCosts costs, Dictionary<string, Group> groups)
    {
        _prices = prices;
        _costs = costs;
        _workers = workers;
        _groups = groups;
    }

    public static SetUpSpread Of(ImmutableArray<PlannedUnit> units, SetUpPrices prices, int workers, PlanCosts costs)
    {
        var plain = units.Where(unit => Key(unit.Unit, prices).Length == 0).Sum(unit => unit.Seconds);
        var groups = units.Where(unit => Key(unit.Unit, prices).Length > 0).GroupBy(unit => Key(unit.Unit, prices))
            .ToDictionary(group => group.Key, group => new Group(prices.Of(group.First().Unit), [.. group]), StringComparer.Ordinal);
        var spread = new SetUpSpread(prices, workers, costs, groups);
        var seconds = spread.LeastSeconds(plain);
        foreach (var group in groups.Values)
            group.Parts = spread.PartsWithin(group, seconds);
        return spread;
    }

    /// <summary>Names the set-ups with a price that a unit needs; empty where it needs none.</summary>
    public string Key(PlannedUnit unit) => Key(unit.Unit, _prices);

    /// <summary>What setting up for this unit costs a batch.</summary>
    public double Price(PlannedUnit unit) => _groups.TryGetValue(Key(unit), out var group) ? group.Price : 0;

    /// <summary>Its set-up is worth one batch alone.</summary>
    public bool IsWhole(PlannedUnit unit) => _groups.TryGetValue(Key(unit), out var group) && group.Parts == 1;

    /// <summary>The units as they are to be assigned, longest first: each alone, or in the parts of its set-up.</summary>
    public ImmutableArray<PlannedPart> Parts(IEnumerable<PlannedUnit> units) =>
        [.. units.GroupBy(Key).SelectMany(
            group => _groups.TryGetValue(group.Key, out var known)
                ? Split([.. group], known)
                : group.Select(unit => new PlannedPart([unit])))
            .OrderByDescending(part => part.Seconds + Price(part.Units[0]))];

    private static string Key(TestUnit unit, SetUpPrices prices)
    {
        var setUps = prices.Priced(unit).Select(setUp => setUp.Name).ToList();
        return setUps.Count == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{unit.Assembly.Key}/{string.Join('|', setUps)}");
    }

    private double LeastSeconds(double plain)
    {
        var least = _groups.Values.Select(group => group.Price + group.Longest).DefaultIfEmpty(0).Max();
        var most = Math.Max(least, plain + _groups.Values.Sum(group => group.Seconds + group.Price));
        while (most - least > Precision * most)
        {
            var middle = (least + most) / 2;
            if (plain + _groups.Values.Sum(group => group.Seconds + (PartsWithin(group, middle) * group.Price)) <= middle * _workers)
                most = middle;
            else
                least = middle;
        }

        return most;
    }

    private int PartsWithin(Group group, double seconds)
    {
        var most = Math.Min(_workers, group.Units.Length);
        var room = seconds - group.Price;
        return room <= 0 ? most : (int)Math.Clamp(Math.Ceiling((group.Seconds / room) - Precision), 1, most);
    }

    // Units that the shared tail has taken need no part. A part whose worker begins later gets less.
    private IEnumerable<PlannedPart> Split(ImmutableArray<PlannedUnit> units, Group group)
    {
        var seconds = units.Sum(unit => unit.Seconds);
        var count = (int)Math.Clamp(Math.Ceiling(group.Parts * seconds / group.Seconds), 1, Math.Min(group.Parts, units.Length));
        var parts = Enumerable.Range(0, count).Select(_ => new List<PlannedUnit>()).ToArray();
        foreach (var unit in units)
            parts.Index().MinBy(part => _costs.LaterStart(part.Index) + part.Item.Sum(item => item.Seconds)).Item.Add(unit);
        return parts.Where(part => part.Count > 0).Select(part => new PlannedPart([.. part]));
    }

    private sealed class Group(double price, ImmutableArray<PlannedUnit> units)
    {
        public double Price { get; } = price;
        public ImmutableArray<PlannedUnit> Units { get; } = units;
        public double Seconds { get; } = units.Sum(unit => unit.Seconds);
        public double Longest { get; } = units.Max(unit => unit.Seconds);
        public int Parts { get; set; } = 1;
    }
}
