using ConcurrentTesting.Databases;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Execution;

/// <summary>Finds the earlier test that another one's failure depends on: it halves what ran before it on its worker, each time on a fresh
/// session and fresh databases, until one test is left that makes it fail.</summary>
internal sealed class Bisection(RunContext run, TestDatabases databases, HostsOfWorker hostsOf)
{
    private int _runs;

    /// <param name="batches">What the failing test's worker ran, in order, up to and with the failing test's batch.</param>
    public async Task<BisectionResult> FindAsync(ImmutableArray<Batch> batches, TestEntry failing, CancellationToken cancellationToken)
    {
        if (await FailsAsync(batches, [], failing))
        {
            return new BisectionResult(
                $"{failing.DisplayName} fails alone, in a fresh session with fresh databases: it depends on no earlier test.", []);
        }

        var candidates = Before(batches, failing);
        if (!await FailsAsync(batches, candidates, failing))
        {
            return new BisectionResult(
                $"{failing.DisplayName} passed after the same {Quantity.Of(candidates.Count, "test")} as before: the order alone does not make it fail.", []);
        }

        while (candidates.Count > 1)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var half = candidates.Count / 2;
            run.Log.LogInformation(
                "Bisecting {Test}: it may depend on {Tests}", failing.DisplayName, Quantity.Of(candidates.Count, "test"));
            var first = candidates.Take(half).ToList();
            var second = candidates.Skip(half).ToList();
            if (await FailsAsync(batches, first, failing))
            {
                candidates = first;
            }
            else if (await FailsAsync(batches, second, failing))
            {
                candidates = second;
            }
            else
            {
                return new BisectionResult(
                    $"{failing.DisplayName} fails only after more than one of these {candidates.Count} tests.", [.. candidates]);
            }
        }

        return new BisectionResult($"{failing.DisplayName} fails when {candidates[0].DisplayName} ran before it.", [.. candidates]);
    }

    private static List<TestEntry> Before(ImmutableArray<Batch> batches, TestEntry failing) =>
        [.. batches.SelectMany(batch => batch.Entries).TakeWhile(entry => !entry.Equals(failing)).Distinct()];

    private async Task<bool> FailsAsync(ImmutableArray<Batch> batches, List<TestEntry> before, TestEntry failing)
    {
        var kept = before.Append(failing).ToHashSet();
        var seed = batches.Select(batch => batch with { Entries = [.. batch.Entries.Where(kept.Contains)] })
            .Where(batch => !batch.Entries.IsEmpty).ToImmutableArray();
        var recorder = run.Recorder.Fresh();
        var plan = new Plan
        {
            Seeds = [seed],
            Tail = [],
            Seconds = seed.Sum(batch => batch.Seconds),
            LowerBoundSeconds = 0,
            KnownTimings = 1,
            Predictions = kept.ToDictionary(entry => entry, _ => 0.0),
        };
        run.Log.LogDebug(
            "Bisection run {Number}: {Tests} before {Test}", ++_runs, Quantity.Of(before.Count, "test"), failing.DisplayName);
        // A failure in a probe is the probe's answer, and does not stop the run.
        using var stop = new RunStop(failFast: 0, run.Stop.Token);
        await new WorkerPool(run with { Recorder = recorder, Stop = stop }, databases, hostsOf).RunAsync(plan);
        if (run.Stop.Fault is { } fault)
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, fault);
        run.Stop.Token.ThrowIfCancellationRequested();
        return recorder.RowsSoFar(failing).Any(test => test.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped));
    }
}

/// <summary>What a bisection found.</summary>
/// <param name="Answer">In one sentence.</param>
/// <param name="Culprits">The tests it depends on; empty where there are none.</param>
internal sealed record BisectionResult(string Answer, ImmutableArray<TestEntry> Culprits);
