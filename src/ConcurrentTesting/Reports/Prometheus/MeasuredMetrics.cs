using Prometheus;

namespace ConcurrentTesting.Reports.Prometheus;

/// <summary>What the tests' own drivers told, added up by worker; a figure that nobody told is not there.</summary>
internal static class MeasuredMetrics
{
    public static void Write(RunRecord record, RunMetrics metrics)
    {
        Batches(record, metrics, record.Database?.Engine ?? "none");
        if (record.Database is { } database)
            Server(database, metrics);
        foreach (var (worker, figures) in ByWorker(record))
        {
            var label = worker.ToString(CultureInfo.InvariantCulture);
            var total = TestFigures.Sum(figures);
            foreach (var figure in MeasuredFigure.All)
            {
                if (total[figure] is { } value)
                    Set(metrics.Measured(figure), label, Math.Max(0, value));
            }
        }
    }

    private static OrderedDictionary<int, List<TestFigures>> ByWorker(RunRecord record)
    {
        var workers = new OrderedDictionary<int, List<TestFigures>>();
        foreach (var test in record.Tests)
        {
            foreach (var attempt in test.Attempts)
            {
                if (attempt.Figures is null)
                    continue;
                if (!workers.TryGetValue(attempt.Worker, out var figures))
                    workers.Add(attempt.Worker, figures = []);
                figures.Add(attempt.Figures);
            }
        }

        return workers;
    }

    private static void Set(Collector metric, string worker, double value)
    {
        if (metric is Gauge gauge)
            gauge.WithLabels(worker).Set(value);
        else
            ((Counter)metric).WithLabels(worker).Inc(value);
    }

    private static void Batches(RunRecord record, RunMetrics metrics, string engine)
    {
        foreach (var batch in record.Batches)
        {
            var label = batch.Worker.ToString(CultureInfo.InvariantCulture);
            Add(batch.Figures?.Operations, () => metrics.Operations.WithLabels(label, engine));
            Add(batch.Fixtures?.Queries, () => metrics.FixtureQueries.WithLabels(label));
        }
    }

    private static void Server(DatabaseRecord database, RunMetrics metrics)
    {
        foreach (var statistics in database.Statistics)
        {
            string[] labels = [statistics.Worker.ToString(CultureInfo.InvariantCulture), database.Engine];
            Add(statistics.Sessions, () => metrics.ServerSessions.WithLabels(labels));
            Add(statistics.Transactions, () => metrics.ServerTransactions.WithLabels(labels));
            Add(statistics.RowsRead, () => metrics.ServerRowsRead.WithLabels(labels));
            Add(ChangedIn(statistics), () => metrics.ServerRowsChanged.WithLabels(labels));
        }
    }

    // Some servers do not tell them apart.
    private static long? ChangedIn(DatabaseStatistics statistics) =>
        statistics.RowsChanged ?? (statistics.RowsInserted + statistics.RowsUpdated + statistics.RowsDeleted);

    private static void Add(double? figure, Func<Counter.Child> counter)
    {
        if (figure is { } value)
            counter().Inc(Math.Max(0, value));
    }
}
