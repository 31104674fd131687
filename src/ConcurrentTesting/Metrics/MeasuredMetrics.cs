using System.Globalization;
using ConcurrentTesting.Metrics.Measuring;
using ConcurrentTesting.Results;
using Prometheus;

namespace ConcurrentTesting.Metrics;

/// <summary>What the tests' own drivers told, added up by worker; a figure that nobody told is not there.</summary>
internal static class MeasuredMetrics
{
    public static void Write(RunRecord record, RunMetrics metrics)
    {
        var engine = record.Database?.Engine ?? "none";
        foreach (var worker in record.Tests.SelectMany(test => test.Attempts).Where(attempt => attempt.Figures is not null).GroupBy(attempt => attempt.Worker))
        {
            var label = worker.Key.ToString(CultureInfo.InvariantCulture);
            var total = worker.Aggregate(TestFigures.NotMeasured, (sum, attempt) => sum.Plus(attempt.Figures!));
            Add(total.Operations, () => metrics.Operations.WithLabels(label, engine));
            Add(total.Queries, () => metrics.Queries.WithLabels(label));
            Add(total.Reads, () => metrics.Reads.WithLabels(label));
            Add(total.Writes, () => metrics.Writes.WithLabels(label));
            Add(total.QuerySeconds, () => metrics.QuerySeconds.WithLabels(label));
            Add(total.Connections, () => metrics.Connections.WithLabels(label));
            Add(total.ConnectionErrors, () => metrics.ConnectionErrors.WithLabels(label));
            Add(total.AllocatedBytes, () => metrics.AllocatedBytes.WithLabels(label));
            if (total.PeakBytes is { } peak)
                metrics.PeakBytes.WithLabels(label).Set(peak);
        }
    }

    private static void Add(double? figure, Func<Counter.Child> counter)
    {
        if (figure is { } value)
            counter().Inc(Math.Max(0, value));
    }
}
