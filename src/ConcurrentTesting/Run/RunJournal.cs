using ConcurrentTesting.Execution;
using ConcurrentTesting.Scheduling;
using ConcurrentTesting.Scheduling.Sharding;

namespace ConcurrentTesting.Run;

/// <summary>What a run has come to know on its way and needs later: catalog, plan, timings. What the reports tell are the events that it
/// adds to the journal.</summary>
internal sealed class RunJournal
{
    private readonly RunContext _run;
    private readonly JournalWriter _file;
    private readonly HashSet<(string Assembly, string Unit)> _early = [];
    private bool _hasToldGaps;

    /// <param name="file">Where the run's events are written.</param>
    /// <param name="overrides">One line for each guard of the run itself that an override kept quiet.</param>
    /// <param name="compared">The run that this one is held against; null: none.</param>
    public RunJournal(RunContext run, JournalWriter file, ImmutableArray<string> overrides, ComparedRun? compared = null)
    {
        (_run, _file) = (run, file);
        run.Recorder.Add(new RunStarted
        {
            At = run.Recorder.Now,
            Run = run.RunId,
            Machine = Environment.MachineName,
            Seed = run.Seed,
            Settings = RecordedSettings.Of(run.Settings),
            Overrides = overrides,
        });
        if (compared is not null)
            run.Recorder.Add(new RunCompared(compared) { At = run.Recorder.Now });
    }

    public RunContext Run => _run;

    public TestCatalog? Catalog { get; set; }
    public Plan? Plan { get; set; }
    public TimingStore? Timings { get; set; }

    /// <summary>The plan of all parts, of which the run is one; null: it is all of the tests, or the plan is not known yet.</summary>
    public ShardPlan? ShardPlan { get; private set; }

    /// <summary>What a part has to share with the others; null: the run is no part, or did not come to run tests.</summary>
    public ImmutableSortedDictionary<string, string>? Shared { get; set; }

    /// <summary>Measures a phase from here to the end of the returned scope.</summary>
    public IDisposable Phase(string name)
    {
        _run.Recorder.Add(new PhaseStarted(name) { At = _run.Recorder.Now });
        return new PhaseScope(_run, name, _run.Time.GetTimestamp());
    }

    /// <summary>Does the work and turns the ways it can end early into an end that is reported like any other.</summary>
    public async Task<RunEnd> ConcludeAsync(Func<Task<RunEnd>> work, CancellationToken cancellationToken)
    {
        try
        {
            return await work();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return new RunEnd(ConcurrentTestExitCode.Cancelled, "The run was cancelled.");
        }
        catch (ConcurrentTestException exception)
        {
            return new RunEnd(exception.ExitCode, exception.Message);
        }
        catch (Exception exception)
        {
            _run.Log.LogError(exception, "The run failed unexpectedly; this is a defect of ConcurrentTest, please report it with run.log");
            var what = $"{exception.GetType().Name}: {exception.Message.TrimEnd('.')}";
            return new RunEnd(
                ConcurrentTestExitCode.Incomplete,
                $"The run failed unexpectedly ({what}): this is a defect of ConcurrentTest, please report it with run.log.");
        }
    }

    /// <summary>What is known of the part that the run is; nothing where it is all of the tests.</summary>
    public void PartIs(ShardRecord? shard, ShardPlan? plan)
    {
        ShardPlan = plan;
        if (shard is not null)
            _run.Recorder.Add(new PartKnown(shard) { At = _run.Recorder.Now });
    }

    /// <summary>The tests that discovery found.</summary>
    public void Discovered(TestCatalog catalog)
    {
        Catalog = catalog;
        _run.Recorder.Add(
            new TestsDiscovered(catalog.CaseCount, catalog.Explicit.Sum(entry => entry.CaseCount)) { At = _run.Recorder.Now });
    }

    /// <summary>What the run is going to do.</summary>
    /// <param name="catalog">The discovered tests, grouped for this run.</param>
    public void Planned(TestCatalog catalog, Plan plan)
    {
        (Catalog, Plan) = (catalog, plan);
        foreach (var unit in catalog.Units.Where(unit => !_early.Contains((unit.Assembly.Path, unit.Name))))
            _run.Recorder.Add(PlannedUnits.Of(unit, plan.Predictions, Timings!, _run.Recorder.Now), unit.Assembly);
        _run.Recorder.Add(new RunPlanned(catalog.CaseCount, _run.Settings.Workers, plan.Expected, plan.KnownTimings)
        {
            At = _run.Recorder.Now,
            IsQuiet = _run.Settings.List || _run.Settings.Bisect is not null,
        });
    }

    /// <summary>A unit is going to run before the rest is known.</summary>
    public void PlannedEarly(TestUnit unit, double seconds, TimingStore timings)
    {
        _early.Add((unit.Assembly.Path, unit.Name));
        var predictions = unit.Entries.ToDictionary(entry => entry, _ => seconds / unit.Entries.Length);
        _run.Recorder.Add(PlannedUnits.Of(unit, predictions, timings, _run.Recorder.Now), unit.Assembly);
    }

    /// <summary>How the tests ended in earlier runs.</summary>
    public void Remember(IEnumerable<KeyValuePair<string, ImmutableArray<PastResult>>> history)
    {
        foreach (var (test, results) in history)
            _run.Recorder.Add(new TestRemembered(test, results) { At = _run.Recorder.Now });
    }

    /// <summary>The run has something of its own to say: its artifacts take the place of the last run's, and its journal begins.</summary>
    /// <param name="comesToNothing">See <see cref="ResultsDirectory.BeginAsync"/>.</param>
    public async Task BeginAsync(ResultsDirectory results, bool comesToNothing = false)
    {
        await results.BeginAsync(_run.Log, comesToNothing);
        _file.Begin(Path.Combine(_run.Settings.ResultsDirectory, ArtifactNames.Journal));
    }

    /// <summary>The run is over: the record that its artifacts are made of.</summary>
    public RunRecord End(RunEnd end)
    {
        var at = _run.Recorder.Now;
        _run.Recorder.Add(new RunEnded(end.ExitCode, end.Reason) { At = at });
        return ToRecord(end, at);
    }

    /// <summary>What the run came to, if it ends so.</summary>
    /// <param name="finishedAt">Null: now.</param>
    public RunRecord ToRecord(RunEnd end, DateTimeOffset? finishedAt = null) =>
        _run.Recorder.ToRecord(end, finishedAt);

    /// <summary>What is missing in the journal's file and was not told before.</summary>
    public ImmutableArray<Incident> FindGaps()
    {
        _file.Flush();
        if (_file.Failure is not { } failure || _hasToldGaps)
            return [];
        _hasToldGaps = true;
        return
        [
            new Incident(
                _run.Recorder.Now, IncidentKinds.ArtifactNotWritten,
                $"{ArtifactNames.Journal} is not complete, so that reports cannot be made again from it: {failure}"),
        ];
    }

    private sealed class PhaseScope(RunContext run, string name, long started) : IDisposable
    {
        public void Dispose() =>
            run.Recorder.Add(new PhaseEnded(name, run.Time.GetElapsedTime(started).TotalSeconds) { At = run.Recorder.Now });
    }
}
