using ConcurrentTesting.Discovery;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Run;

/// <summary>Begins the longest units before all assemblies are discovered, once the databases are ready: a unit of a discovered assembly
/// begins where the timings say that nothing that is still to come is longer. Classes of literal tests that an earlier run discovered begin
/// too, while their assembly is being discovered. The plan is of the rest, and every test is checked against the discovery of this very
/// run.</summary>
internal sealed class EarlyStart : IDiscoveryWatch
{
    // A shorter class gains nothing by it.
    private const double LeastSeconds = 0.2;

    private readonly RunJournal _journal;
    private readonly ResultsDirectory _results;
    private readonly TimingStore _timings;
    private readonly DirectAssemblies _direct;
    private readonly WorkerPool _pool;
    private readonly int _most;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PlannedUnit> _candidates = [];
    private Task _begins = Task.CompletedTask;
    private readonly List<TestUnit> _begun = [];
    private readonly Dictionary<TestAssembly, ImmutableDictionary<string, double>> _classes = [];

    // These units' assemblies are not discovered yet.
    private readonly HashSet<TestUnit> _expected = new(ReferenceEqualityComparer.Instance);
    private ImmutableHashSet<TestAssembly> _open = [];
    private IDisposable? _phase;
    private bool _isPrepared;
    private bool _isOver;

    private EarlyStart(RunJournal journal, ResultsDirectory results, TimingStore timings, DirectAssemblies direct, WorkerPool pool)
    {
        (_journal, _results, _timings, _direct, _pool) = (journal, results, timings, direct, pool);
        // Discovery needs the cores too.
        _most = IsPossible(journal.Run.Settings) ? Math.Min(journal.Run.Settings.Workers, Environment.ProcessorCount) : 0;
    }

    public static EarlyStart Of(
        RunJournal journal, ResultsDirectory results, TimingStore timings, DirectAssemblies direct, WorkerPool pool) =>
        new(journal, results, timings, direct, pool);

    /// <summary>Ends when the run has built what it builds.</summary>
    public Task Built => _built.Task;

    public ImmutableArray<TestAssembly> Found(ImmutableArray<TestAssembly> assemblies)
    {
        _built.TrySetResult();
        lock (_gate)
        {
            foreach (var assembly in assemblies)
                _classes[assembly] = _timings.ClassSeconds(assembly);
            // A suite that never ran may hold the longest test of all, so then nothing begins early.
            _isOver |= _classes.Values.Any(classes => classes.IsEmpty);
            _open = [.. assemblies];
            return [.. assemblies.OrderByDescending(assembly => _classes[assembly].Values.DefaultIfEmpty().Max())];
        }
    }

    public void Expected(TestAssembly assembly, TestCatalog part)
    {
        lock (_gate)
        {
            if (_isOver || _most == 0)
                return;
            // An aborted discovery is tried once more, and then expects its classes again.
            _candidates.RemoveAll(unit => unit.Unit.Assembly == assembly);
            var candidates = NotBegun(Candidates(assembly, part)).Where(unit => EarlyChoice.StandsAlone(unit.Unit)).ToList();
            _candidates.AddRange(candidates);
            _expected.UnionWith(candidates.Select(unit => unit.Unit));
        }

        Begin();
    }

    public void Discovered(TestAssembly assembly, TestCatalog part)
    {
        lock (_gate)
        {
            _open = _open.Remove(assembly);
            _candidates.RemoveAll(unit => unit.Unit.Assembly == assembly);
            if (_isOver || _most == 0 || !_direct.IsDirect(assembly))
                return;
            _candidates.AddRange(NotBegun(Candidates(assembly, part)));
        }

        Begin();
    }

    /// <summary>The databases are ready.</summary>
    public void Prepared()
    {
        lock (_gate)
            _isPrepared = true;
        Begin();
    }

    /// <summary>The assembly of a test that has begun before it was discovered, and is not discovered as what it began; null: all is as
    /// expected.</summary>
    public async Task<TestAssembly?> FindUnexpectedAsync(TestCatalog discovered)
    {
        var begun = (await EndAsync()).Where(_expected.Contains).SelectMany(unit => unit.Entries).ToList();
        return EarlyChoice.FindUnexpected(begun, discovered)?.Assembly;
    }

    /// <summary>Lets nothing more begin early; the units that have begun are no part of the plan.</summary>
    public async Task<ImmutableArray<TestUnit>> EndAsync()
    {
        Task begins;
        lock (_gate)
        {
            _isOver = true;
            begins = _begins;
        }

        await begins;
        return [.. _begun];
    }

    /// <summary>The phase of the tests, which may have begun.</summary>
    public IDisposable Phase() => _phase ?? _journal.Phase(PhaseNames.Tests);

    /// <summary>No plan will follow.</summary>
    public async Task AbandonAsync()
    {
        await EndAsync();
        await _pool.AbandonAsync("Not all tests could be discovered.");
        _phase?.Dispose();
    }

    // A setting that selects or orders tests needs to know all of them.
    private static bool IsPossible(ConcurrentTestSettings settings) => settings is
    {
        List: false, MakesPlan: false, OnlyFailed: false, ReplayFile: null, Bisect: null, Shard: null, PlanFile: null,
        Together.IsEmpty: true, Reset: DatabaseReset.Never, Coverage: false, Order: TestOrder.FailedFirst, NewRuns: 1, Stress: null,
        Budget: null, Queue: null, AheadOfTime: AheadOfTimeMode.Off,
    };

    // Shared set-ups cost each batch anew, and so does an assembly that every batch explores.
    private IEnumerable<PlannedUnit> Candidates(TestAssembly assembly, TestCatalog part)
    {
        var units = UnitGrouping.Apply(part, _journal.Run.Settings, _timings).Units;
        var predictions = Predictor.Predict([.. units.SelectMany(unit => unit.Entries)], _timings, out _);
        // A class that takes more than a worker's share is divided by the plan.
        var share = _timings.TestSeconds / _journal.Run.Settings.Workers;
        return new Exploration(part.Discovered).Seconds(assembly) > 0
            ? []
            : units.Where(unit => unit.SetUps.IsEmpty && unit.Entries.All(entry => _timings.Find(entry) is not null))
                .Select(unit => new PlannedUnit(unit, unit.Entries.Sum(entry => predictions[entry]), FailedLast: false))
                .Where(unit => !unit.IsExclusive && unit.Seconds >= LeastSeconds
                    && (unit.Seconds <= share || unit.Unit.Entries.Length == 1));
    }

    // A unit counts as begun whatever group its tests are in.
    private IEnumerable<PlannedUnit> NotBegun(IEnumerable<PlannedUnit> units)
    {
        var begun = _begun.SelectMany(unit => unit.Entries).ToHashSet();
        return units.Where(unit => !unit.Unit.Entries.Any(begun.Contains));
    }

    private void Begin()
    {
        lock (_gate)
        {
            if (_isOver || !_isPrepared || _open.IsEmpty)
                return;
            var chosen = EarlyChoice.Of(_candidates, _open.SelectMany(assembly => _classes[assembly]), _begun, _most);
            if (chosen.IsEmpty)
                return;
            _candidates.RemoveAll(chosen.Contains);
            _begun.AddRange(chosen.Select(unit => unit.Unit));
            _begins = BeginAsync(_begins, chosen);
        }
    }

    private async Task BeginAsync(Task before, ImmutableArray<PlannedUnit> units)
    {
        await before;
        await Task.Yield();
        await _journal.BeginAsync(_results);
        _phase ??= _journal.Phase(PhaseNames.Tests);
        foreach (var unit in units)
        {
            _journal.PlannedEarly(unit.Unit, unit.Seconds, _timings);
            _journal.Run.Log.LogDebug(
                "{Unit} of {Assembly} begins before all tests are discovered: it takes {Seconds:0.0} s", unit.Unit.Name,
                unit.Unit.Assembly.Source, unit.Seconds);
        }

        _pool.BeginEarly([.. units.Select(unit => BatchOf.Units([unit], BatchReasons.Early))]);
    }
}
