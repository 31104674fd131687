namespace ConcurrentTesting.Record;

/// <summary>The shortest time that any schedule of these tests on these workers takes: the longest test or the longest of what has to stay
/// together, or all of them shared evenly. A class that only we keep whole is no bound.</summary>
internal static class LowerBound
{
    /// <param name="units">Whether something holds a unit's tests together, and what each of them takes.</param>
    public static double Of(IReadOnlyCollection<(bool IsTied, IReadOnlyCollection<double> Tests)> units, int workers)
    {
        var indivisible = units.Select(unit => unit.IsTied ? unit.Tests.Sum() : unit.Tests.Max()).DefaultIfEmpty().Max();
        return Math.Max(indivisible, units.Sum(unit => unit.Tests.Sum()) / workers);
    }
}
