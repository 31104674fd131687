using ConcurrentTesting.Reports.RunJson;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Run;

/// <summary>What a run takes from an earlier one's run.json: what failed, or an order to repeat. Read before that file may be written
/// anew.</summary>
internal sealed class EarlierRun
{
    private const int MostNamed = 10;

    private readonly ConcurrentTestSettings _settings;
    private readonly LastFailures? _failures;

    private EarlierRun(ConcurrentTestSettings settings, LastFailures? failures, RunDocument? replayed)
    {
        _settings = settings;
        _failures = failures;
        Replayed = replayed;
    }

    /// <summary>The run to repeat; null: none.</summary>
    public RunDocument? Replayed { get; }

    /// <summary>The run to hold this one against; null: none.</summary>
    public ComparedRun? Compared { get; private init; }

    /// <exception cref="ConcurrentTestException">
    /// A run.json that is asked for is missing or damaged, or a bisection has no run to repeat.
    /// </exception>
    public static EarlierRun Read(ConcurrentTestSettings settings)
    {
        if (settings is { Bisect: not null, ReplayFile: null })
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-bisect {settings.Bisect} needs --test-replay with the run.json of the run in which it failed.");
        }

        var replayed = settings.ReplayFile is { } file ? RunJsonFile.Read(file) : null;
        if (replayed is not null && settings.ReplayWorker is { } worker && replayed.Batches.All(batch => batch.Worker != worker))
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-replay-worker {worker}: in {settings.ReplayFile} the workers {string.Join(", ", replayed.Batches.Select(batch => batch.Worker).Distinct().Order())} ran tests.");
        }

        return new EarlierRun(
            settings, settings.OnlyFailed ? LastFailures.Read(settings.ResultsDirectory) : null,
            replayed)
        { Compared = settings.CompareFile is { } compared ? ComparedDocument.Read(compared) : null };
    }

    /// <summary>The same for a run with its settings complete: the number of workers may come from the timings.</summary>
    public EarlierRun For(ConcurrentTestSettings settings) => new(settings, _failures, Replayed) { Compared = Compared };

    /// <summary>Whether only what failed last is asked for, and nothing did.</summary>
    public bool LeavesNothingToDo => _failures is { IsEmpty: true };

    /// <summary>The part of the catalog that is asked for.</summary>
    /// <param name="recorder">Is told what is asked for and not there.</param>
    public TestCatalog Select(TestCatalog catalog, RunRecorder recorder)
    {
        if (_failures is not null)
            Tell(recorder, _failures.NotIn(catalog), "failed in the last run");
        if (Replayed is not { } run)
            return _failures?.Select(catalog) ?? catalog;
        Tell(recorder, ReplayPlan.NotIn(run, catalog, _settings.ReplayWorker), $"ran in {_settings.ReplayFile}");
        var replayed = ReplayPlan.Select(run, catalog, _settings.ReplayWorker);
        return _failures?.Select(replayed) ?? replayed;
    }

    private static void Tell(RunRecorder recorder, ImmutableArray<string> gone, string which)
    {
        if (gone.IsEmpty)
            return;
        var more = gone.Length > MostNamed ? FormattableString.Invariant($" and {gone.Length - MostNamed} more") : "";
        recorder.Report(
            IncidentKinds.TestsGone,
            $"{Quantity.Of(gone.Length, "test")} that {which} {(gone.Length == 1 ? "was" : "were")} not discovered this time (renamed, removed or filtered out) and {(gone.Length == 1 ? "does" : "do")} not run: {string.Join(", ", gone.Take(MostNamed))}{more}");
    }

    /// <summary>The catalog with long classes divided over workers; as it is where an earlier run is repeated.</summary>
    /// <param name="isDirect">Whether the run itself starts the test hosts of an assembly.</param>
    public TestCatalog Divide(TestCatalog catalog, TimingStore timings, Predicate<TestAssembly> isDirect)
    {
        return Replayed is null ? ClassSplit.Apply(catalog, _settings, timings, CostsOf(catalog, isDirect)) : catalog;
    }

    /// <summary>What starting things costs where nothing is left to guess.</summary>
    public PlanCosts CostsOf(TestCatalog catalog, Predicate<TestAssembly> isDirect) =>
        PlanCosts.For(_settings.Workers, Environment.ProcessorCount, known: 1, HostStartsOf(catalog, isDirect)) with
        {
            Exploration = new Exploration(catalog.Discovered),
        };

    /// <param name="isDirect">Whether the run itself starts the test hosts of an assembly.</param>
    public Plan Plan(TestCatalog catalog, TimingStore timings, int seed, Predicate<TestAssembly> isDirect)
    {
        if (Replayed is { } run)
            return ReplayPlan.Of(run, catalog, timings, _settings.ReplayWorker);
        var hosts = HostStartsOf(catalog, isDirect);
        var plan = Planner.Plan(catalog, timings, _settings.Workers, seed, Environment.ProcessorCount, hosts);
        plan = _settings.Reset == DatabaseReset.Class ? ClassBatches.Cut(plan) : plan;
        plan = BatchOrder.Apply(_settings.Order, seed, plan, catalog, timings, hosts);
        return StressGoal.Read(_settings.Stress) is { } goal
            ? Repeats.Stressed(plan, goal, Repeats.Apart(catalog, _settings.Database))
            : Repeats.OfNew(plan, timings, _settings.NewRuns, Repeats.Apart(catalog, _settings.Database));
    }

    // A set-up with a fixture, or a database that is reset, needs a process of its own.
    private HostStarts HostStartsOf(TestCatalog catalog, Predicate<TestAssembly> isDirect)
    {
        var assemblies = catalog.Units.Select(unit => unit.Assembly).Distinct().ToList();
        if (!assemblies.TrueForAll(isDirect))
            return HostStarts.ByConsole;
        var areWarm = _settings.Reset == DatabaseReset.Never && assemblies.TrueForAll(DirectAssemblies.StaysWarm)
            && !catalog.Units.Any(unit => unit.SetUps.Any(setUp => setUp.HasFixture));
        return areWarm ? HostStarts.DirectAndWarm : HostStarts.Direct;
    }

    /// <summary>The failing test to bisect and the batches of its worker up to its own.</summary>
    public (IEnumerable<Batch> Batches, TestEntry Failing) ToBisect(Plan plan)
    {
        var name = _settings.Bisect!;
        if (ReplayPlan.ToBisect(Replayed!, plan, IsMeant) is { } found)
            return found;
        throw new ConcurrentTestException(
            ConcurrentTestExitCode.BadSettings,
            $"--test-bisect {name}: {_settings.ReplayFile} has no such test; give namespace, class and method as it names them.");

        bool IsMeant(TestEntry entry) =>
            entry.Key == name || TestNames.Full(entry.ClassName, entry.DisplayName) == name
                || $"{entry.ClassName}.{entry.MethodName}" == name;
    }
}
