namespace ConcurrentTesting.Record;

/// <summary>Ends the journal of a run whose process was ended before the run was: what the run knew by then stands, and every planned test
/// that has no result is told as one, as in a run that ended by itself.</summary>
internal sealed class KilledRun
{
    private readonly RunFold _fold;
    private readonly ImmutableArray<RunEvent>.Builder _ending = ImmutableArray.CreateBuilder<RunEvent>();
    private readonly ImmutableArray<BatchStarted> _batches;
    private readonly ImmutableArray<TestStarted> _running;
    private readonly ImmutableArray<TestStarted> _latest;
    private int _lost;

    private KilledRun(RunFold fold)
    {
        _fold = fold;
        (_batches, _running, _latest) = (fold.OpenWork.Batches, fold.OpenWork.Tests, fold.OpenWork.Latest);
    }

    /// <summary>Tells what the run did not come to tell; nothing where it has ended.</summary>
    /// <param name="fold">All that it told.</param>
    /// <returns>What was added.</returns>
    public static ImmutableArray<RunEvent> End(RunFold fold)
    {
        if (fold.HasEnded)
            return [];
        var killed = new KilledRun(fold);
        killed.End();
        return killed._ending.ToImmutable();
    }

    private void End()
    {
        var phases = _fold.OpenWork.Phases;
        foreach (var (unit, test) in _fold.Units.SelectMany(unit => unit.Tests.Select(test => (unit, test))).ToList())
            Settle(new TestRef(unit.Assembly, test.Case), test);
        foreach (var batch in _batches)
            Add(new BatchEnded(Ended(batch)) { At = _fold.LastAt });
        foreach (var worker in _fold.Batches.Select(batch => batch.Worker).Distinct().Except(_fold.Workers.Select(worker => worker.Number))
            .ToList())
            Add(new WorkerEnded(Worked(worker)) { At = _fold.LastAt });
        foreach (var phase in phases)
            Add(new PhaseEnded(phase.Phase, (_fold.LastAt - phase.At).TotalSeconds) { At = _fold.LastAt });
        var left = _lost == 0 ? "" : FormattableString.Invariant($"; {Quantity.Of(_lost, "test")} gave no result");
        Add(new IncidentReported(IncidentKinds.RunKilled, $"The run's process was ended from outside{left}.", null) { At = _fold.LastAt });
        Add(new RunEnded(
            ConcurrentTestExitCode.Incomplete, $"The run's process was ended before the run was over{left}.")
        { At = _fold.LastAt });
    }

    // A test that was running lacks at least one row, however many it has.
    private void Settle(TestRef test, PlannedTest planned)
    {
        var rows = _fold.Rows.Of(test).Count;
        var worker = (planned.HasKnownRows ? _running : _latest).FirstOrDefault(started => started.Test == test)?.Worker;
        for (var missing = Math.Max(worker is null ? 0 : 1, planned.Cases - rows); missing > 0; missing--)
        {
            Add(ErrorOf(
                test, planned, worker,
                worker is null ? StoryOf(planned, rows) : "The test was running when the run's process was ended from outside."));
        }
    }

    private static string StoryOf(PlannedTest planned, int rows) => rows == 0
        ? "The test was asked for and never ran: the run's process was ended before it could."
        : $"The test was asked for {Quantity.Of(planned.Cases, "time")} and gave {Quantity.Of(rows, "result")} "
            + "before the run's process was ended.";

    private AttemptEnded ErrorOf(TestRef test, PlannedTest planned, int? worker, string message)
    {
        _lost++;
        var error = _fold.ErrorOf(
            test, planned, worker ?? -1, _batches.LastOrDefault(batch => batch.Worker == worker)?.Number ?? 0, message);
        return worker is null ? error : error with { Attempt = error.Attempt with { Cause = AttemptCauses.Unfinished } };
    }

    private BatchRecord Ended(BatchStarted batch) => new()
    {
        Number = batch.Number,
        Worker = batch.Worker,
        Assembly = batch.Assembly,
        StartedAt = batch.At,
        Duration = _fold.LastAt - batch.At,
        Tests = _fold.Tests.Count(
            test => test.Attempts.Any(attempt => attempt.Batch == batch.Number && attempt.Outcome != TestOutcome.Error)),
        Reason = batch.Reason,
        Database = batch.Database,
        Error = "The run's process was ended while this batch ran.",
    };

    private WorkerRecord Worked(int worker)
    {
        var batches = _fold.Batches.Where(batch => batch.Worker == worker).ToList();
        var startedAt = batches.Min(batch => batch.StartedAt);
        var busy = TimeSpan.FromTicks(batches.Sum(batch => batch.Duration.Ticks));
        return new WorkerRecord(worker, startedAt, _fold.LastAt - startedAt, busy, batches.Count, batches.Sum(batch => batch.Tests));
    }

    private void Add(RunEvent happened)
    {
        _fold.Apply(happened);
        _ending.Add(happened);
    }
}
