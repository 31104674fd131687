using ConcurrentTesting.Databases;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Run;

/// <summary>Starts the first workers' test hosts while tests are discovered and databases are prepared, where the timings say what will
/// run. The hosts are told the names of their workers' future databases, run nothing before these are there, and end where the plan turns
/// out otherwise.</summary>
/// <param name="watch">Hears of the discovery as well.</param>
internal sealed class AheadStart(
    RunContext run, TimingStore timings, TestDatabases databases, AheadHosts hosts, IDiscoveryWatch watch) : IDiscoveryWatch
{
    private readonly bool _isPossible = IsPossible(run.Settings);
    private readonly Lock _gate = new();
    private readonly FreeMemory _memory = new(run.Time);
    private readonly Dictionary<TestAssembly, ImmutableArray<double>> _classes = [];
    private bool _isPlanned;

    public ImmutableArray<TestAssembly> Found(ImmutableArray<TestAssembly> assemblies)
    {
        // Where a filter leaves tests out, only discovery tells which classes run.
        var known = assemblies.Where(assembly => assembly.Filter is null).ToList();
        if (known.Count > 0)
        {
            Begin(() =>
            {
                foreach (var assembly in known.Where(assembly => !_classes.ContainsKey(assembly)))
                    Know(assembly, timings.ClassSeconds(assembly).Values);
            });
        }

        return watch.Found(assemblies);
    }

    public void Expected(TestAssembly assembly, TestCatalog part)
    {
        // Without a filter other tests may run too, and the timings know more than this part.
        if (assembly.Filter is not null)
            Begin(() => Know(assembly, part));
        watch.Expected(assembly, part);
    }

    public void Discovered(TestAssembly assembly, TestCatalog part)
    {
        Begin(() => Know(assembly, part));
        watch.Discovered(assembly, part);
    }

    /// <summary>More may be known of the databases.</summary>
    public void Reconsider() => Begin(() => { });

    /// <summary>Ends what was started for nothing.</summary>
    public void Planned(Plan plan)
    {
        lock (_gate)
            _isPlanned = true;
        hosts.EndOthers(worker =>
            worker < plan.Seeds.Length && plan.Seeds[worker] is [var first, ..] ? first.Assembly
            : plan.Tail is [var shared, ..] ? shared.Assembly
            : null);
    }

    // These settings need all tests to decide which run, or where they run.
    private static bool IsPossible(ConcurrentTestSettings settings) => settings is
    {
        List: false, MakesPlan: false, OnlyFailed: false, ReplayFile: null, Bisect: null, Shard: null, PlanFile: null, Coverage: false,
        Stress: null, Budget: null, Queue: null, AheadOfTime: AheadOfTimeMode.Off,
    };

    private void Know(TestAssembly assembly, TestCatalog part) =>
        Know(assembly, part.Units.Select(unit => unit.Entries.Sum(entry => timings.Find(entry)?.Seconds ?? 0)));

    private void Know(TestAssembly assembly, IEnumerable<double> seconds) =>
        _classes[assembly] = [.. seconds.Where(known => known > 0)];

    // This runs beside the caller, who has more to do.
    private void Begin(Action learn)
    {
        if (_isPossible)
            _ = Task.Run(() => BeginNow(learn));
    }

    private void BeginNow(Action learn)
    {
        try
        {
            lock (_gate)
            {
                // A host that begins after the plan would be taken by nobody.
                if (_isPlanned)
                    return;
                learn();
                Begin();
            }
        }
        catch (Exception exception)
        {
            // The workers will meet the same fault, and report it.
            run.Log.LogDebug("No test host is started ahead: {Reason}", exception.Message);
        }
    }

    private void Begin()
    {
        if (_memory.Obstacle() is not null)
            return;
        // A host does nothing but compute until its first test.
        var most = Math.Min(run.Settings.Workers, Math.Max(2, Environment.ProcessorCount));
        var classes = _classes.SelectMany(known => known.Value.Select(seconds => (known.Key, seconds)));
        var chosen = AheadChoice.Of(classes, timings.Worker?.Seconds, most);
        for (var worker = 0; worker < chosen.Length; worker++)
            Begin(worker, chosen[worker]);
    }

    private void Begin(int worker, TestAssembly assembly)
    {
        if (!hosts.HasBegun(worker) && hosts.CanStart(assembly) && databases.Foresee(worker) is { } environment)
            hosts.Begin(worker, assembly, environment, BatchRunner.Foreseen(run, worker, assembly));
    }
}
