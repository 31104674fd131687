using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using ConcurrentTesting.Record;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Html;

/// <summary>
/// What the page's script draws besides the tests: phases, workers, batches. All times are seconds since the run's begin.
/// </summary>
internal sealed class HtmlRunData(RunRecord record)
{
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private IEnumerable<int> Workers =>
        Enumerable.Range(0, record.Settings.Workers).Union(record.Batches.Select(batch => batch.Worker)).Order();

    public void Write(TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Json))
            Write(json);

        output.Write("<script type=\"application/json\" id=\"run-data\">");
        output.Write(Encoding.UTF8.GetString(stream.ToArray()));
        output.Write("</script>\n");
    }

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("seconds", Math.Max(0.001, record.Wall.TotalSeconds));
        json.WriteNumber(
            "bound", record.Batches.IsEmpty || record.LowerBound == TimeSpan.Zero
                ? 0
                : Since(record.Batches.Min(batch => batch.StartedAt)) + record.LowerBound.TotalSeconds);
        json.WriteString(
            "runJson", Path.GetRelativePath(record.Settings.RootDirectory, Path.Combine(record.Settings.ResultsDirectory, "run.json"))
                .Replace('\\', '/'));
        json.WriteString("script", OperatingSystem.IsWindows() ? @".\build.ps1" : "./build.sh");
        json.WriteString("arguments", record.Settings.RepeatedArguments);
        json.WriteStartArray("workers");
        foreach (var worker in Workers)
            json.WriteNumberValue(worker);

        json.WriteEndArray();
        Labels(json);
        Bands(json);
        Batches(json, record.Batches, record.StartedAt);
        Spans(json, record.WorkSpans, record.StartedAt);
        json.WriteEndObject();
    }

    /// <summary>Worker, begin and seconds of each batch.</summary>
    public static void Batches(Utf8JsonWriter json, IEnumerable<BatchRecord> batches, DateTimeOffset begin)
    {
        json.WriteStartArray("batches");
        foreach (var batch in batches)
        {
            json.WriteStartArray();
            json.WriteNumberValue(batch.Worker);
            json.WriteNumberValue(Since(begin, batch.StartedAt));
            json.WriteNumberValue(Math.Round(batch.Duration.TotalSeconds, 3));
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>Worker, kind, begin and seconds of what was done beside tests.</summary>
    public static void Spans(Utf8JsonWriter json, IEnumerable<WorkSpan> spans, DateTimeOffset begin)
    {
        json.WriteStartArray("spans");
        foreach (var span in spans)
        {
            json.WriteStartArray();
            json.WriteNumberValue(span.Worker);
            json.WriteStringValue(span.Kind);
            json.WriteNumberValue(Since(begin, span.StartedAt));
            json.WriteNumberValue(Math.Round(span.Duration.TotalSeconds, 3));
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>What the lanes are called.</summary>
    private void Labels(Utf8JsonWriter json)
    {
        var labels = new WorkerLabels(record);
        json.WriteStartArray("labels");
        foreach (var worker in Workers)
            json.WriteStringValue(labels.Of(worker));

        json.WriteEndArray();
        json.WriteStartObject("notStarted");
        foreach (var worker in record.Workers.Where(worker => worker.NotStarted is not null).DistinctBy(worker => worker.Number))
            json.WriteString(Invariant($"{worker.Number}"), worker.NotStarted);

        json.WriteEndObject();
    }

    private void Bands(Utf8JsonWriter json)
    {
        json.WriteStartArray("phases");
        foreach (var phase in record.PhaseSpans)
            Band(json, phase.Phase, Since(phase.StartedAt), Since(phase.StartedAt + phase.Duration));

        json.WriteEndArray();
    }

    private static void Band(Utf8JsonWriter json, string name, double start, double end)
    {
        json.WriteStartArray();
        json.WriteStringValue(name);
        json.WriteNumberValue(Math.Round(start, 3));
        json.WriteNumberValue(Math.Round(end, 3));
        json.WriteEndArray();
    }

    private double Since(DateTimeOffset time) => Since(record.StartedAt, time);

    private static double Since(DateTimeOffset begin, DateTimeOffset time) => Math.Round((time - begin).TotalSeconds, 3);
}
