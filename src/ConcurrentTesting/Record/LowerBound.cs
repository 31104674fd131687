namespace ConcurrentTesting.Record;

/// <summary>The shortest time that any schedule of these tests on these workers takes: the longest test or the longest of what has to stay
/// together, or all of them shared evenly. A class that only we keep whole is no bound.</summary>
/// <param name="Indivisible">Seconds of the longest of what cannot be divided.</param>
/// <param name="Total">Seconds of all.</param>
internal readonly record struct LowerBound(double Indivisible, double Total)
{
    /// <param name="units">Whether something holds a unit's tests together, and what each of them takes.</param>
    public static double Of(IReadOnlyCollection<(bool IsTied, IReadOnlyCollection<double> Tests)> units, int workers) =>
        Of(units).On(workers);

    /// <inheritdoc cref="Of(IReadOnlyCollection{ValueTuple{bool, IReadOnlyCollection{double}}}, int)"/>
    public static LowerBound Of(IReadOnlyCollection<(bool IsTied, IReadOnlyCollection<double> Tests)> units) => new(
        units.Select(unit => unit.IsTied ? unit.Tests.Sum() : unit.Tests.Max()).DefaultIfEmpty().Max(),
        units.Sum(unit => unit.Tests.Sum()));

    /// <summary>The bound of both together.</summary>
    public LowerBound With(LowerBound other) => new(Math.Max(Indivisible, other.Indivisible), Total + other.Total);

    /// <summary>In seconds.</summary>
    public double On(int workers) => Math.Max(Indivisible, Total / workers);
}
