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
    private static readonly string[] BeforeTests = ["build", "discovery"];

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
        json.WriteStartArray("workers");
        foreach (var worker in Workers)
            json.WriteNumberValue(worker);

        json.WriteEndArray();
        Labels(json);
        Bands(json);
        json.WriteStartArray("batches");
        foreach (var batch in record.Batches)
        {
            json.WriteStartArray();
            json.WriteNumberValue(batch.Worker);
            json.WriteNumberValue(Since(batch.StartedAt));
            json.WriteNumberValue(Math.Round(batch.Duration.TotalSeconds, 3));
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
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

    /// <summary>
    /// The phases one after another as far as their durations tell: those before the tests end where the first worker begins.
    /// </summary>
    private void Bands(Utf8JsonWriter json)
    {
        json.WriteStartArray("phases");
        var at = 0d;
        foreach (var phase in BeforeTests.Where(record.Phases.ContainsKey))
            Band(json, phase, at, at += record.Phases[phase]);

        if (record.Phases.TryGetValue("tests", out var seconds))
        {
            var start = record.Workers.IsEmpty ? at : Since(record.Workers.Min(worker => worker.StartedAt));
            Band(json, "tests", start, start + seconds);
        }

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

    private double Since(DateTimeOffset time) => Math.Round((time - record.StartedAt).TotalSeconds, 3);
}
