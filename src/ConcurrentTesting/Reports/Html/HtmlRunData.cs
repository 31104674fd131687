using System.Text.Json.Nodes;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Html;

/// <summary>What the page's script draws besides the tests: phases, workers, batches. All times are seconds since the run's
/// begin.</summary>
internal sealed class HtmlRunData(RunRecord record)
{
    private readonly int[] _workers =
        [.. Enumerable.Range(0, record.Settings.Workers).Union(record.Batches.Select(batch => batch.Worker)).Order()];

    public void Write(HtmlPage page)
    {
        var labels = new WorkerLabels(record);
        var data = new JsonObject
        {
            ["seconds"] = Math.Max(0.001, record.Span.TotalSeconds),
            ["bound"] = record.Batches.IsEmpty || record.LowerBound == TimeSpan.Zero
                ? 0
                : Since(record.Batches.Min(batch => batch.StartedAt)) + record.LowerBound.TotalSeconds,
            ["runJson"] = Path.GetRelativePath(
                record.Settings.RootDirectory, Path.Combine(record.Settings.ResultsDirectory, "run.json")).Replace('\\', '/'),
            ["script"] = OperatingSystem.IsWindows() ? @".\build.ps1" : "./build.sh",
            ["arguments"] = record.Settings.RepeatedArguments,
            ["workers"] = PageJson.Each(_workers, worker => worker),
            ["labels"] = PageJson.Each(_workers, worker => labels.Of(worker)),
            ["notStarted"] = new JsonObject(
                record.Workers.Where(worker => worker.NotStarted is not null).DistinctBy(worker => worker.Number)
                    .Select(worker => KeyValuePair.Create<string, JsonNode?>(Invariant($"{worker.Number}"), worker.NotStarted))),
            ["phases"] = PageJson.Each(record.PhaseSpans, phase => new JsonArray(
                phase.Phase, Since(phase.StartedAt), Since(phase.StartedAt + phase.Duration))),
            ["batches"] = Batches(record.Batches, record.StartedAt),
            ["spans"] = Spans(record.WorkSpans, record.StartedAt),
        };
        page.Json("run-data", json => data.WriteTo(json)).Markup("\n");
    }

    /// <summary>Worker, begin and seconds of each batch.</summary>
    public static JsonArray Batches(IEnumerable<BatchRecord> batches, DateTimeOffset begin) => PageJson.Each(
        batches, batch => new JsonArray(batch.Worker, Since(begin, batch.StartedAt), Math.Round(batch.Duration.TotalSeconds, 3)));

    /// <summary>Worker, kind, begin and seconds of what was done beside tests.</summary>
    public static JsonArray Spans(IEnumerable<WorkSpan> spans, DateTimeOffset begin) => PageJson.Each(
        spans, span => new JsonArray(span.Worker, span.Kind, Since(begin, span.StartedAt), Math.Round(span.Duration.TotalSeconds, 3)));

    private double Since(DateTimeOffset time) => Since(record.StartedAt, time);

    private static double Since(DateTimeOffset begin, DateTimeOffset time) => Math.Round((time - begin).TotalSeconds, 3);
}
