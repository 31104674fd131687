using ConcurrentTesting.Catalog;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>All workers of a run. In the end every entry of the plan has results: what no worker could run is recorded as such.</summary>
internal sealed class WorkerPool(RunContext run, TestDatabases databases, HostsOfWorker hostsOf)
{
    /// <summary>Share of the tests that may be rerun in all, and how many at least, so that a broken build does not run twice.</summary>
    private const double RerunShare = 0.05;

    private const int LeastReruns = 10;

    /// <param name="shared">Where several machines take from; null: the plan is for this one alone.</param>
    public async Task RunAsync(Plan plan, Func<Accounting, IBatchSource>? shared = null)
    {
        var queue = new BatchQueue(plan, worthStealing: plan.IsFixed ? double.PositiveInfinity : 1.0);
        var accounting = new Accounting(
            plan.Predictions, run.Settings.Reruns, Math.Max(LeastReruns, (int)(plan.Predictions.Count * RerunShare)),
            new RetryBudget(run.Settings.MaxRetries, run.Settings.RetryDelay, new Random(run.Seed)), plan.Repeated);
        var source = shared?.Invoke(accounting) ?? StressSource.Over(new LocalBatchSource(queue, accounting), plan, run);
        var runner = new BatchRunner(run, source, new AskedTests([.. plan.Predictions.Keys], plan.Repeated));
        var workers = Enumerable.Range(0, plan.Seeds.Length)
            .Select(number => new Worker(number, run, source, runner, databases, hostsOf) { SetUps = plan.SetUps }).ToArray();
        await Task.WhenAll(workers.Select(worker => Task.Run(() => worker.RunAsync(run.Stop.Token), CancellationToken.None)));

        // What is left then is for other machines.
        if (shared is not null)
            return;
        var left = queue.Close().Where(batch => batch.Reason != BatchReasons.Rerun)
            .SelectMany(batch => batch.Entries.Select(entry => (Entry: entry, Batch: batch)))
            .Where(left => !IsLeftOutOnPurpose(left.Entry, left.Batch))
            .DistinctBy(left => left.Entry).ToDictionary(left => left.Entry, left => left.Batch);
        foreach (var entry in plan.Predictions.Keys.Where(entry => run.Recorder.RowCount(entry) == 0).Union(left.Keys))
            RecordUnrun(entry, left.GetValueOrDefault(entry), plan.Repeated.Contains(entry));
    }

    // A test that has run, and would have run once more if the run had not been stopped, is no test that did not run.
    private bool IsLeftOutOnPurpose(TestEntry entry, Batch batch) =>
        batch.Reason == BatchReasons.Repeat && run.Stop is { Reason: not null, Fault: null } && run.Recorder.RowCount(entry) > 0;

    private void RecordUnrun(TestEntry entry, Batch? left, bool isRepeated)
    {
        var story = left?.Reason switch
        {
            BatchReasons.Retry => "The infrastructure failed this test, and no worker was left to try it again.",
            BatchReasons.Repeat => "The test was to run once more, and no worker was left to run it.",
            BatchReasons.Alone => "The test was running when its test host was ended, and no worker was left to try it again.",
            _ => "The test was asked for and never ran: no worker was left to run it.",
        };
        for (var index = 0; index < entry.CaseCount; index++)
        {
            run.Recorder.Settle(entry, index, new TestAttempt
            {
                Outcome = run.Stop is { Reason: not null, Fault: null } ? TestOutcome.Skipped : TestOutcome.Error,
                Worker = -1,
                Batch = 0,
                Number = 1,
                Round = left?.Round ?? (isRepeated ? 1 : null),
                StartedAt = run.Time.GetUtcNow(),
                Cause = run.Stop is { Reason: not null, Fault: null } ? AttemptCauses.NotRun : null,
                Message = run.Stop.Reason ?? $"{story} The incidents of the run say why.",
            });
        }
    }
}
