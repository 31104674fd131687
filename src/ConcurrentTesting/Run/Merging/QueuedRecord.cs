using ConcurrentTesting.Queue;

namespace ConcurrentTesting.Run.Merging;

/// <summary>One run out of what its machines have acknowledged.</summary>
internal sealed class QueuedRecord
{
    private const int MostNamed = 5;

    private readonly RunFold _fold = new();
    private readonly EventLines _lines = new(redactor: null);
    private readonly Dictionary<Guid, (QueuedMachine Machine, int FirstWorker)> _machines = [];
    private readonly Dictionary<Guid, int> _results = [];
    private readonly Dictionary<string, double> _phases = new(StringComparer.Ordinal);
    private readonly List<PhaseSpan> _phaseSpans = [];
    private readonly Dictionary<Guid, double> _seconds = [];
    private readonly List<DatabaseRecord> _databases = [];
    private readonly List<string> _flaws = [];
    private readonly QueuedResults _queued;
    private readonly ConcurrentTestSettings _settings;
    private readonly Dictionary<string, int> _contradicting = new(StringComparer.Ordinal);
    private (DateTimeOffset First, DateTimeOffset Last)? _times;
    private int _batch;

    private QueuedRecord(QueuedResults queued, ConcurrentTestSettings settings)
    {
        (_queued, _settings) = (queued, settings);
        var workers = 0;
        foreach (var machine in queued.Machines)
        {
            _machines.Add(machine.Id, (machine, workers));
            workers += machine.Workers;
        }

        foreach (var happened in _lines.Read(queued.Plan))
            Apply(happened is RunStarted started ? started with { Settings = SettingsOf(started.Settings, workers) } : happened);
    }

    /// <param name="name">The run's name in the queue.</param>
    /// <param name="settings">The settings of the machine that makes the record.</param>
    /// <param name="isSealed">The run was ended, or is about to be.</param>
    public static RunRecord Of(string name, QueuedResults queued, ConcurrentTestSettings settings, bool isSealed)
    {
        var merged = new QueuedRecord(queued, settings);
        foreach (var batch in queued.Batches)
            merged.Add(batch);
        foreach (var machine in queued.Machines)
            merged.AddBeside(machine);
        if (!isSealed)
            merged._flaws.Add($"nobody ended run {name}, so it may go on: another try of a job goes on with it and ends it");
        merged.Check();
        return merged.ToRecord();
    }

    // The leader's settings say what the run was; the merge's own say where its artifacts go.
    private ConcurrentTestSettings SettingsOf(ConcurrentTestSettings leader, int workers) =>
        MergedArtifacts.SettingsOf(leader, _settings) with { Workers = Math.Max(1, workers) };

    // The machines tell one after another what they did side by side, each by a clock of its own.
    private void Apply(RunEvent happened, bool isEarlier = false)
    {
        if (!isEarlier)
        {
            var (first, last) = _times ?? (happened.At, happened.At);
            _times = (happened.At < first ? happened.At : first, happened.At > last ? happened.At : last);
        }

        _fold.Apply(happened);
    }

    private void Add(QueuedBatch batch)
    {
        var (machine, firstWorker) = _machines[batch.Machine];
        var number = ++_batch;
        var before = _results.GetValueOrDefault(machine.Id);
        var rows = new Dictionary<(TestRef Test, int Row), int>();
        foreach (var happened in _lines.Read(batch.Events))
        {
            Apply(happened switch
            {
                AttemptEnded ended => Numbered(ended, machine, firstWorker, number, rows),
                BatchMeasured measured => measured with
                {
                    Batch = number,
                    Rows = [.. measured.Rows.Where(row => rows.ContainsKey((row.Test, row.Row)))
                        .Select(row => row with { Row = rows[(row.Test, row.Row)] })],
                },
                LeaseTaken lease => lease with { Worker = lease.Worker + firstWorker },
                RowsSuperseded superseded => superseded with { Batch = number },
                BatchEnded ended => ended with
                {
                    Batch = ended.Batch with
                    {
                        Number = number,
                        Worker = ended.Batch.Worker + firstWorker,
                        TrxFile = null,
                        Coverage = null,
                    },
                },
                _ => Beside(happened, machine, firstWorker),
            }, machine.IsEarlier);
        }

        if (_results.GetValueOrDefault(machine.Id) - before != batch.Results)
            _contradicting[machine.Name] = _contradicting.GetValueOrDefault(machine.Name) + 1;
    }

    // A row has the same number in every attempt and on every machine.
    private AttemptEnded Numbered(
        AttemptEnded ended, QueuedMachine machine, int firstWorker, int batch, Dictionary<(TestRef Test, int Row), int> rows)
    {
        var row = _fold.Rows.Of(ended.Test).FirstOrDefault(row => row.Name == ended.Name && row.Occurrence == ended.Occurrence);
        var number = rows[(ended.Test, ended.Row)] = row?.Number ?? _fold.Rows.NextNumber(ended.Test);
        var attempt = ended.Attempt;
        var attached = string.Concat(attempt.Attachments.Select(path => $"\nAttached on {machine.Name}: {path}"));
        _results[machine.Id] = _results.GetValueOrDefault(machine.Id) + 1;
        return ended with
        {
            Row = number,
            Attempt = attempt with
            {
                Worker = attempt.Worker < 0 ? attempt.Worker : attempt.Worker + firstWorker,
                Batch = batch,
                Number = (row?.Attempts.Count ?? 0) + 1,
                Attachments = [],
                IsEarlier = machine.IsEarlier,
                StandardOutput = attached.Length == 0 ? attempt.StandardOutput : (attempt.StandardOutput + attached).TrimStart('\n'),
            },
        };
    }

    private static RunEvent Beside(RunEvent happened, QueuedMachine machine, int firstWorker) => happened switch
    {
        OutsideFailed failed => failed with
        {
            Failure = failed.Failure with { Workers = [.. failed.Failure.Workers.Select(worker => worker + firstWorker)] },
        },
        IncidentReported incident => incident with
        {
            Message = $"{machine.Name}: {incident.Message}",
            Worker = incident.Worker is { } worker ? worker + firstWorker : null,
        },
        WorkerEnded ended => new WorkerEnded(
            ended.Worker with { Number = ended.Worker.Number + firstWorker, Machine = machine.Name })
        { At = ended.At },
        _ => happened,
    };

    private void AddBeside(QueuedMachine machine)
    {
        if (machine.HasNotEnded)
            Report(IncidentKinds.MachineLost, $"{machine.Name} was not heard of any more; what it had acknowledged counts.");
        var firstWorker = _machines[machine.Id].FirstWorker;
        var databases = new RunFold();
        foreach (var happened in machine.Events.SelectMany(events => _lines.Read(events)))
        {
            if (happened is PhaseEnded phase)
                Add(machine, phase);
            else if (happened is OutsideFailed or IncidentReported or WorkerEnded or PreparationRetried)
                Apply(Beside(happened, machine, firstWorker), machine.IsEarlier);
            else
                databases.Apply(happened);
        }

        if (databases.Databases.ToRecord() is { } record)
        {
            _databases.Add(record with
            {
                Statistics = [.. record.Statistics.Select(one => one with { Worker = one.Worker + firstWorker })],
            });
        }
    }

    // The machines went through the phases side by side.
    private void Add(QueuedMachine machine, PhaseEnded phase)
    {
        _phases[phase.Phase] = Math.Max(_phases.GetValueOrDefault(phase.Phase), phase.Seconds);
        _phaseSpans.Add(phase.Span);
        _seconds[machine.Id] = _seconds.GetValueOrDefault(machine.Id) + phase.Seconds;
    }

    /// <summary>All that was discovered has its results, each as often as it was discovered.</summary>
    private void Check()
    {
        var stories = _queued.NotDone.GroupBy(test => test.Name, StringComparer.Ordinal)
            .ToDictionary(same => same.Key, same => same.First().Story, StringComparer.Ordinal);
        if (_queued.NotDone.Length > 0)
        {
            _flaws.Add(FormattableString.Invariant(
                $"{_queued.NotDone.Length} of its tests {(_queued.NotDone.Length == 1 ? "is" : "are")} not done ")
                + $"({Named(_queued.NotDone.Select(test => test.Name))})");
        }

        // The verdict is made of what the machines told, and what is left to run of what the queue has counted.
        _flaws.AddRange(_contradicting.Select(
            one => $"{Quantity.Of(one.Value, "batch")} of {one.Key} told other results than the queue has counted"));
        var lacking = PartResults.Wrong(_fold.Units, _fold.Tests).ToList();
        var wrong = lacking.FindAll(one => !stories.ContainsKey(NameOf(one.Unit, one.Test)));
        if (wrong.Count > 0)
            _flaws.Add($"{PartResults.Lacking(wrong.Count)} ({Named(wrong.Select(one => one.Test.FullName))})");

        foreach (var (unit, test) in lacking)
            Settle(unit, test, stories.GetValueOrDefault(NameOf(unit, test)));
    }

    private void Settle(UnitPlanned unit, PlannedTest planned, string? story)
    {
        var test = new TestRef(unit.Assembly, planned.Case);
        for (var missing = planned.Cases - _fold.Rows.Of(test).Count; missing > 0; missing--)
        {
            _fold.Apply(_fold.ErrorOf(
                test, planned, worker: -1, batch: 0,
                $"The test was asked for and no machine gave its result. {story ?? "It waits in the queue."}"));
        }
    }

    private RunRecord ToRecord()
    {
        foreach (var (phase, seconds) in _phases)
            _fold.Apply(new PhaseEnded(phase, seconds) { At = _fold.LastAt });
        var end = _flaws.Count == 0
            ? RunEnd.TestsDecide
            : new RunEnd(
                ConcurrentTestExitCode.Incomplete, $"These are not the results of one whole run: {string.Join("; ", _flaws)}.");
        var record = _fold.ToRecord(end, _times!.Value.Last);
        return record with
        {
            StartedAt = _times.Value.First < record.StartedAt ? _times.Value.First : record.StartedAt,
            Reason = $"{record.Reason}{TakenOver(record.Tests)}",
            Machine = MergedRecord.MachineOf([.. _machines.Values.Select(one => one.Machine.Name)]),
            Database = MergedRecord.DatabaseOf([.. _databases]),
            PhaseSpans = PhaseSpan.Together(_phaseSpans),
            Parts = [.. _machines.Values.Select(one => PartOf(one.Machine, one.FirstWorker, record))],
        };
    }

    // A run that took results from an earlier attempt says so.
    private static string TakenOver(ImmutableArray<TestRecord> tests) =>
        tests.Count(test => test.Final.IsEarlier) is > 0 and var earlier
            ? FormattableString.Invariant(
                $" {earlier:N0} of {Quantity.Of(tests.Length, "test")} did not run again: their results are those of an earlier attempt.")
            : "";

    private PartRecord PartOf(QueuedMachine machine, int firstWorker, RunRecord record) => new(
        machine.Number, machine.Name, record.RunId, firstWorker, machine.Workers, _results.GetValueOrDefault(machine.Id),
        _seconds.GetValueOrDefault(machine.Id),
        machine.State switch
        {
            MachineState.Ended => (int)record.ExitCode,
            MachineState.Left => 0,
            _ => (int)ConcurrentTestExitCode.Incomplete,
        });

    private void Report(string kind, string message) =>
        _fold.Apply(new IncidentReported(kind, message, null) { At = _fold.LastAt });

    private static string NameOf(UnitPlanned unit, PlannedTest test) => QueuedPlan.NameOf(unit.Assembly, test.ClassName, test.Name);

    private static string Named(IEnumerable<string> names)
    {
        var all = names.Order(StringComparer.Ordinal).ToList();
        return string.Join(", ", all.Take(MostNamed)) + (all.Count > MostNamed ? ", …" : "");
    }
}
