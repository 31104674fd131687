using System.Collections.Immutable;
using System.Globalization;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Metrics.Measuring;
using ConcurrentTesting.Results;
using ConcurrentTesting.Scheduling;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Execution;

/// <summary>Runs one batch on a host, watches it, records it, and says what has to run again.</summary>
internal sealed class BatchRunner(RunContext run, Accounting accounting, AskedTests asked)
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// What has to run again, whether the host is still good for another batch, and the database operations that its test processes sent; null where those
    /// were not measured.
    /// </summary>
    public async Task<(BatchVerdict Verdict, bool HostIsGood, long? Operations)> RunAsync(Batch batch, int worker, ITestHost host, DatabaseLease lease, WorkerDeadline deadline, CancellationToken cancellationToken)
    {
        var number = run.Recorder.NextBatchNumber();
        var results = Path.Combine(run.Settings.ResultsDirectory, $"worker-{worker}");
        Directory.CreateDirectory(results);
        var declaration = Path.Combine(results, string.Create(CultureInfo.InvariantCulture, $"batch-{number:0000}.infrastructure"));
        var progress = new BatchProgress(run, batch, worker, number, lease.Database, asked, declaration);
        var hostRun = HostRunOf(batch, worker, number, results, lease.Environment.SetItem(InfrastructureFault.FileVariable, declaration));
        var startedAt = run.Time.GetUtcNow();
        var started = run.Time.GetTimestamp();

        var (fault, timedOut, isConsoleGone) = await WatchAsync(host, hostRun, progress, new TestProcessWatch(run, batch.Assembly, number), deadline, cancellationToken);
        var hadTestProcess = !run.Hook.ProcessIds(number).IsEmpty;
        var figures = await MeasureAsync(batch, number);

        var end = progress.End(fault, timedOut) with { HadTestProcess = hadTestProcess, IsConsoleGone = isConsoleGone };
        run.Recorder.Add(new BatchRecord
        {
            Number = number,
            Worker = worker,
            Assembly = batch.Assembly,
            StartedAt = startedAt,
            Duration = run.Time.GetElapsedTime(started),
            Tests = progress.Results,
            Reason = batch.Reason,
            Database = lease.Database,
            TrxFile = Existing(Path.Combine(hostRun.ResultsDirectory, hostRun.TrxFileName)),
            Error = fault,
            Figures = figures?.Total,
            Fixtures = figures?.Outside.Fixtures,
            Opened = figures?.Outside.Opened,
        });
        if (cancellationToken.IsCancellationRequested)
            return (new BatchVerdict([], []), false, null);

        progress.ReportInfrastructure();
        var verdict = accounting.Judge(end);
        foreach (var settled in verdict.Settled)
            Record(settled, end, number, lease.Database);
        AnnounceFinalFailures(end, verdict);
        if (fault is not null)
            run.Recorder.Report("session-died", $"{BatchProgress.FirstLine(fault)} {Consequence(verdict)}", worker);
        else
            TellWhatIsMissing(verdict, progress, worker);
        return (verdict, fault is null, figures?.Total.Operations);
    }

    private async Task<(string? Fault, HashSet<TestEntry> TimedOut, bool IsConsoleGone)> WatchAsync(ITestHost host, HostRun hostRun, BatchProgress progress, TestProcessWatch processes, WorkerDeadline deadline, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = host.RunAsync(hostRun, progress, ending.Token);
        var timedOut = new HashSet<TestEntry>();
        string? fault = null;
        using var timer = new PeriodicTimer(WatchInterval, run.Time);
        var tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
        while (await Task.WhenAny(running, tick) != running)
        {
            tick = timer.WaitForNextTickAsync(CancellationToken.None).AsTask();
            if (fault is not null || (fault = Overdue(progress, timedOut) ?? processes.Fault ?? deadline.Fault) is null)
                continue;
            await ending.CancelAsync();
        }

        var end = await running;
        return (fault ?? end.Fault, timedOut, fault is null && end.IsConsoleGone);
    }

    private string? Overdue(BatchProgress progress, HashSet<TestEntry> timedOut)
    {
        var limit = run.Settings.TestTimeout;
        timedOut.UnionWith(progress.RunningLongerThan(limit));
        if (timedOut.Count > 0)
            return string.Create(CultureInfo.InvariantCulture, $"{timedOut.First().DisplayName} ran longer than {limit.TotalSeconds:0.###} s (--test-timeout); its test host was ended.");
        return progress.Silence > limit
            ? string.Create(CultureInfo.InvariantCulture, $"the test host said nothing for {limit.TotalSeconds:0.###} s (--test-timeout) and was ended.")
            : null;
    }

    private async Task<BatchFigures?> MeasureAsync(Batch batch, int number)
    {
        var figures = await run.Hook.CollectAsync(number, CancellationToken.None);
        run.Recorder.Measure(number, batch.Entries, figures);
        foreach (var reason in figures.NotMeasured)
            run.Log.LogDebug("Batch {Batch} is not measured: {Reason}", number, reason);
        return figures.Total == TestFigures.NotMeasured ? null : figures;
    }

    private void AnnounceFinalFailures(BatchEnd end, BatchVerdict verdict)
    {
        var announced = run.Settings.Reruns == 0 ? end.Failed.Where(entry => !end.Infrastructure.Contains(entry)) : [];
        var again = verdict.RunsAgain.Concat(announced).ToHashSet();
        foreach (var test in end.Failed.Where(entry => !again.Contains(entry)).SelectMany(entry => run.Recorder.RowsSoFar(entry)).Where(test => test.Outcome == TestOutcome.Failed))
        {
            run.Observer.TestFinished(test, isFinal: true);
            run.Stop.CountFailure();
        }
    }

    private HostRun HostRunOf(Batch batch, int worker, int number, string results, ImmutableDictionary<string, string> environment) => new()
    {
        Assembly = batch.Assembly,
        Cases = [.. batch.Entries.SelectMany(entry => entry.Cases)],
        Selection = batch.Reason == BatchReasons.ByName ? NameSelection.Of(batch.Entries) : null,
        Environment = environment,
        Configure = root => run.Hook.Configure(root, worker, number, batch.Assembly),
        ResultsDirectory = results,
        TrxFileName = string.Create(CultureInfo.InvariantCulture, $"batch-{number:0000}.trx"),
        Seed = run.Seed,
    };

    private void Record(SettledTest settled, BatchEnd end, int number, string? database)
    {
        var entry = settled.Entry;
        var missing = Math.Max(1, entry.Cases.Length - end.Rows.GetValueOrDefault(entry));
        for (var index = 0; index < missing; index++)
        {
            var test = run.Recorder.Settle(entry, entry.Cases.Length - missing + index, new TestAttempt
            {
                Outcome = settled.Outcome,
                Worker = end.Worker,
                Batch = number,
                Number = 1,
                Database = database,
                StartedAt = run.Time.GetUtcNow(),
                Duration = settled.Outcome == TestOutcome.TimedOut ? run.Settings.TestTimeout : TimeSpan.Zero,
                Message = settled.Outcome == TestOutcome.TimedOut
                    ? string.Create(CultureInfo.InvariantCulture, $"The test ran longer than {run.Settings.TestTimeout.TotalSeconds:0.###} s (--test-timeout) and was ended with its process.")
                    : settled.Message,
            });
            run.Observer.TestFinished(test, isFinal: true);
            run.Stop.CountFailure();
        }
    }

    private void TellWhatIsMissing(BatchVerdict verdict, BatchProgress progress, int worker)
    {
        if (verdict.Settled.Any(settled => settled.Outcome == TestOutcome.Error))
            run.Recorder.Report("no-result", $"The test host ended well without a result for every test{(progress.LastError is { } error ? $"; the last thing it said: {error}" : "")}.", worker);
        else if (verdict.Again.FirstOrDefault(again => again.Reason == BatchReasons.ByName) is { } byName)
            run.Log.LogDebug("Worker {Worker}: {Count} tests gave no result by their ids and are asked for by name: {Filter}", worker, byName.CaseCount, NameSelection.Of(byName.Entries).Filter);
    }

    private static string Consequence(BatchVerdict verdict)
    {
        var again = verdict.RunsAgain.Count();
        return again == 0 ? "Nothing has to run again." : $"{again} tests run again in {verdict.Again.Length} batches.";
    }

    private static string? Existing(string path) => File.Exists(path) ? path : null;
}
