using ConcurrentTesting.Record;
using ConcurrentTesting.Scheduling;

namespace ConcurrentTesting.Benchmarks.Planning;

/// <summary>What a suite takes on workers that pull, by the durations that its tests really have, beside a plan that nobody may leave.</summary>
internal sealed class Simulation(SimulatedSuite suite, int workers)
{
    // What a batch costs on a host that is warm.
    private const double BatchSeconds = 0.015;

    // As in a run.
    private const double WorthStealing = 1.0;

    /// <summary>The longest test, or the work shared evenly.</summary>
    public double LowerBoundSeconds => LowerBound.Of(
        [.. suite.Catalog.Units.Select(unit => (!unit.Ties.IsEmpty, (IReadOnlyCollection<double>)[.. unit.Entries.Select(entry => suite.Seconds[entry])]))],
        workers);

    /// <summary>Seconds from the first batch to the end of the last.</summary>
    public async Task<double> PulledAsync()
    {
        var settings = new ConcurrentTestSettings { Workers = workers, Database = DatabaseEngine.Sqlite };
        var costs = PlanCosts.For(workers, workers, known: 1, HostStarts.DirectAndWarm);
        var plan = Planner.Plan(ClassSplit.Apply(suite.Catalog, settings, suite.Timings, costs), suite.Timings, workers, seed: 1, cores: workers, HostStarts.DirectAndWarm);
        var queue = new BatchQueue(plan, WorthStealing);
        var (running, now, end) = (new PriorityQueue<(int Worker, Batch Batch), double>(), 0.0, 0.0);
        for (var worker = 0; worker < workers; worker++)
            await TakeAsync(worker);
        while (running.TryDequeue(out var ended, out now))
        {
            end = now;
            queue.Complete(ended.Batch, []);
            await TakeAsync(ended.Worker);
        }

        return end;

        // Nothing comes back, so who finds nothing is done.
        async Task TakeAsync(int worker)
        {
            var take = queue.TakeAsync(worker, default).AsTask();
            if (take.IsCompleted && await take is { } batch)
                running.Enqueue((worker, batch), now + BatchSeconds + batch.Entries.Sum(entry => suite.Seconds[entry]));
        }
    }

    /// <summary>The same with the longest class first onto the worker that has least, as predicted, and nobody takes from another.</summary>
    public double Static()
    {
        var predicted = Predictor.Predict([.. suite.Catalog.Units.SelectMany(unit => unit.Entries)], suite.Timings, out _);
        var loads = new (double Predicted, double Real)[workers];
        foreach (var unit in suite.Catalog.Units.OrderByDescending(unit => unit.Entries.Sum(entry => predicted[entry])))
        {
            var least = Array.IndexOf(loads, loads.MinBy(load => load.Predicted));
            loads[least].Predicted += unit.Entries.Sum(entry => predicted[entry]);
            loads[least].Real += unit.Entries.Sum(entry => suite.Seconds[entry]);
        }

        return loads.Max(load => load.Real) + BatchSeconds;
    }
}
