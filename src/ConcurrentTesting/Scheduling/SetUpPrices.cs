namespace ConcurrentTesting.Scheduling;

/// <summary>What the shared set-ups cost each batch that holds some of their classes, in seconds.</summary>
internal sealed class SetUpPrices(TimingStore timings)
{
    // A set-up that nobody has measured is taken to cost this; other tests of its assembly have been measured.
    private const double Guess = 1.0;

    // A plan cannot save anything on a set-up that is shorter than this.
    private const double Least = 0.1;

    /// <summary>The price of one set-up.</summary>
    public double Of(TestAssembly assembly, SharedSetUp setUp) =>
        !setUp.HasFixture ? 0 : timings.SetUpSeconds(assembly, setUp) is not { } seconds ? Guess : seconds < Least ? 0 : seconds;

    /// <summary>The set-ups of a unit that cost something.</summary>
    public IEnumerable<SharedSetUp> Priced(TestUnit unit) => unit.SetUps.Where(setUp => Of(unit.Assembly, setUp) > 0);

    /// <summary>The set-ups of a part that cost something, each once: a batch sets up once for all of its classes.</summary>
    public IEnumerable<SharedSetUp> Priced(PlannedPart part) =>
        part.Units.SelectMany(unit => Priced(unit.Unit)).DistinctBy(setUp => setUp.Name);

    /// <summary>The price of a unit where nothing is set up yet.</summary>
    public double Of(TestUnit unit) => unit.SetUps.Sum(setUp => Of(unit.Assembly, setUp));
}
