using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Live;

/// <summary>
/// What a live page is told, as JSON without line breaks. All times are seconds since the run's begin; what tests and servers said is
/// redacted.
/// </summary>
internal sealed class LiveMessages(LiveFeed feed, TimeProvider time, ReportText text)
{
    private const int MostIncidents = 500;
    private const int MostOutside = 100;
    private const int LineBytes = 512;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    /// <summary>What came since the cursor, in messages of a bounded size. None before the run's first event.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Since(LiveCursor cursor)
    {
        LiveChanges? changes;
        do
        {
            if ((changes = feed.Read(cursor)) is null)
                yield break;
            yield return Message(json => Changes(json, changes, cursor));
        }
        while (changes.HasMore);
    }

    /// <summary>The last message.</summary>
    /// <param name="hasReport">There is a report to fetch.</param>
    public ReadOnlyMemory<byte> End(RunRecord record, bool hasReport) => Message(json =>
    {
        json.WriteBoolean("report", hasReport);
        json.WriteBoolean("success", record.ExitCode == ConcurrentTestExitCode.Success);
        json.WriteString("reason", Shown(record.Reason));
        json.WriteString("results", Shown(Relative(record.Settings)));
    });

    private void Changes(Utf8JsonWriter json, LiveChanges changes, LiveCursor cursor)
    {
        json.WriteBoolean("whole", changes.IsWhole);
        json.WriteNumber("at", Since(changes, time.GetUtcNow()));
        if (changes.IsWhole)
            Run(json, changes.Started);
        if (changes.Planned is { IsQuiet: false } planned)
        {
            json.WriteNumber("cases", planned.Cases);
            json.WriteNumber("expected", Math.Round(planned.Expected.TotalSeconds, 1));
        }

        Phases(json, changes);
        Running(json, changes);
        HtmlRunData.Batches(json, changes.Batches, changes.Started.At);
        HtmlRunData.Spans(json, changes.Spans, changes.Started.At);
        Incidents(json, changes);
        Outside(json, changes);
        Rows(json, changes, cursor);
    }

    private void Run(Utf8JsonWriter json, RunStarted started)
    {
        json.WriteStartObject("run");
        json.WriteString("id", Shown(started.Run));
        json.WriteString("machine", Shown(started.Machine));
        json.WriteNumber("seed", started.Seed);
        json.WriteNumber("workers", started.Settings.Workers);
        json.WriteString("startedAt", started.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        json.WriteString("runJson", Shown($"{Relative(started.Settings)}/{ArtifactNames.Run}"));
        json.WriteEndObject();
    }

    private static void Phases(Utf8JsonWriter json, LiveChanges changes)
    {
        json.WriteStartArray("phases");
        foreach (var phase in changes.Phases)
            Phase(json, phase.Phase, Since(changes, phase.StartedAt), Since(changes, phase.StartedAt + phase.Duration));

        foreach (var phase in changes.OpenPhases)
            Phase(json, phase.Phase, Since(changes, phase.At), null);

        json.WriteEndArray();
    }

    private static void Phase(Utf8JsonWriter json, string name, double start, double? end)
    {
        json.WriteStartArray();
        json.WriteStringValue(name);
        json.WriteNumberValue(start);
        if (end is { } known)
            json.WriteNumberValue(known);
        else
            json.WriteNullValue();

        json.WriteEndArray();
    }

    private void Running(Utf8JsonWriter json, LiveChanges changes)
    {
        json.WriteStartArray("running");
        foreach (var test in changes.Running.OrderBy(test => test.Worker))
        {
            json.WriteStartArray();
            json.WriteNumberValue(test.Worker);
            json.WriteStringValue(Shown(test.FullName));
            json.WriteNumberValue(Since(changes, test.At));
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private void Incidents(Utf8JsonWriter json, LiveChanges changes)
    {
        json.WriteStartArray("incidents");
        foreach (var incident in changes.Incidents.Take(MostIncidents))
        {
            json.WriteStartArray();
            json.WriteNumberValue(Since(changes, incident.At));
            json.WriteStringValue(Shown(incident.Kind));
            json.WriteStringValue(Shown(incident.Message));
            json.WriteStringValue(incident.Worker is { } worker ? FormattableString.Invariant($"{worker}") : "");
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private void Outside(Utf8JsonWriter json, LiveChanges changes)
    {
        json.WriteStartArray("outside");
        foreach (var failure in changes.Outside.Take(MostOutside))
        {
            json.WriteStartArray();
            json.WriteStringValue(Shown(failure.Name));
            json.WriteStringValue(Shown(FirstLine(failure.Message)));
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    // Names that the reader does not know yet come with the rows that have them.
    private void Rows(Utf8JsonWriter json, LiveChanges changes, LiveCursor cursor)
    {
        var (classes, assemblies) = (cursor.Classes.Count, cursor.Assemblies.Count);
        json.WriteStartArray("rows");
        foreach (var row in changes.Rows)
        {
            json.WriteStartArray();
            json.WriteNumberValue(row.Number);
            HtmlTestRow.Write(
                json, row.Test, row.MayRunAgain ? HtmlTestRow.Outcomes.Length : HtmlTestRow.Rank(row.Test),
                (Index(cursor.Classes, row.Test.ClassName), Index(cursor.Assemblies, row.Test.Assembly.Source)), failure: 0,
                changes.Started.At, isMeasured: true, text);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteStartArray("messages");
        foreach (var row in changes.Rows.Where(row => FailureKinds.IsFailure(row.Test)))
        {
            json.WriteStartArray();
            json.WriteNumberValue(row.Number);
            json.WriteStringValue(Shown(FirstLine(row.Test.Final.Message)));
            json.WriteEndArray();
        }

        json.WriteEndArray();
        Names(json, "classes", cursor.Classes, classes);
        Names(json, "assemblies", cursor.Assemblies, assemblies);
    }

    private void Names(Utf8JsonWriter json, string property, Dictionary<string, int> names, int known)
    {
        json.WriteStartArray(property);
        if (names.Count > known)
        {
            foreach (var (name, _) in names.Where(name => name.Value >= known).OrderBy(name => name.Value))
                json.WriteStringValue(HtmlPage.Plain(text.Whole(name)));
        }

        json.WriteEndArray();
    }

    private string Shown(string value) => HtmlPage.Plain(text.Within(value, LineBytes));

    private static string FirstLine(string? message) => Catalog.FirstLine.Of(message);

    private static double Since(LiveChanges changes, DateTimeOffset at) =>
        Math.Round(Math.Max(0, (at - changes.Started.At).TotalSeconds), 3);

    private static int Index(Dictionary<string, int> names, string name)
    {
        if (!names.TryGetValue(name, out var index))
            names.Add(name, index = names.Count);
        return index;
    }

    private static string Relative(ConcurrentTestSettings settings) =>
        Path.GetRelativePath(settings.RootDirectory, settings.ResultsDirectory).Replace('\\', '/');

    private static ReadOnlyMemory<byte> Message(Action<Utf8JsonWriter> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Json))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return stream.GetBuffer().AsMemory(0, (int)stream.Length);
    }
}
