using System.Text.Json.Nodes;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Live;

/// <summary>What a live page is told, as JSON without line breaks. All times are seconds since the run's begin; what tests and servers said
/// is redacted.</summary>
internal sealed class LiveMessages(LiveFeed feed, TimeProvider time, ReportText text)
{
    private const int MostIncidents = 500;
    private const int MostOutside = 100;
    private const int LineBytes = 512;

    /// <summary>What came since the cursor, in messages of a bounded size. None before the run's first event.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Since(LiveCursor cursor)
    {
        LiveChanges? changes;
        do
        {
            if ((changes = feed.Read(cursor)) is null)
                yield break;
            yield return PageJson.Bytes(Message(changes, cursor));
        }
        while (changes.HasMore);
    }

    /// <summary>The last message.</summary>
    /// <param name="hasReport">There is a report to fetch.</param>
    public ReadOnlyMemory<byte> End(RunRecord record, bool hasReport) => PageJson.Bytes(new JsonObject
    {
        ["report"] = hasReport,
        ["success"] = record.ExitCode == ConcurrentTestExitCode.Success,
        ["reason"] = Shown(record.Reason),
        ["results"] = Shown(Relative(record.Settings)),
    });

    private JsonObject Message(LiveChanges changes, LiveCursor cursor)
    {
        var message = new JsonObject { ["whole"] = changes.IsWhole, ["at"] = Since(changes, time.GetUtcNow()) };
        if (changes.IsWhole)
            message["run"] = Run(changes.Started);
        if (changes.Planned is { IsQuiet: false } planned)
        {
            message["cases"] = planned.Cases;
            message["expected"] = Math.Round(planned.Expected.TotalSeconds, 1);
        }

        message["phases"] = new JsonArray(
        [
            .. changes.Phases.Select(phase => new JsonArray(
                phase.Phase, Since(changes, phase.StartedAt), Since(changes, phase.StartedAt + phase.Duration))),
            .. changes.OpenPhases.Select(phase => new JsonArray(phase.Phase, Since(changes, phase.At), null)),
        ]);
        message["running"] = PageJson.Each(
            changes.Running.OrderBy(test => test.Worker),
            test => new JsonArray(test.Worker, Shown(test.FullName), Since(changes, test.At)));
        message["batches"] = HtmlRunData.Batches(changes.Batches, changes.Started.At);
        message["spans"] = HtmlRunData.Spans(changes.Spans, changes.Started.At);
        message["incidents"] = PageJson.Each(
            changes.Incidents.Take(MostIncidents), incident => new JsonArray(
                Since(changes, incident.At), Shown(incident.Kind), Shown(incident.Message),
                FormattableString.Invariant($"{incident.Worker}")));
        message["outside"] = PageJson.Each(
            changes.Outside.Take(MostOutside), failure => new JsonArray(Shown(failure.Name), Shown(FirstLine(failure.Message))));
        Rows(message, changes, cursor);
        return message;
    }

    private JsonObject Run(RunStarted started) => new()
    {
        ["id"] = Shown(started.Run),
        ["machine"] = Shown(started.Machine),
        ["seed"] = started.Seed,
        ["workers"] = started.Settings.Workers,
        ["startedAt"] = started.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
        ["runJson"] = Shown($"{Relative(started.Settings)}/{ArtifactNames.Run}"),
    };

    // Names that the reader does not know yet come with the rows that have them.
    private void Rows(JsonObject message, LiveChanges changes, LiveCursor cursor)
    {
        var (classes, assemblies) = (cursor.Classes.Count, cursor.Assemblies.Count);
        message["rows"] = JsonNode.Parse(PageJson.Bytes(json => Rows(json, changes, cursor)));
        message["messages"] = PageJson.Each(
            changes.Rows.Where(row => FailureKinds.IsFailure(row.Test)),
            row => new JsonArray(row.Number, Shown(FirstLine(row.Test.Final.Message))));
        message["classes"] = Names(cursor.Classes, classes);
        message["assemblies"] = Names(cursor.Assemblies, assemblies);
    }

    private void Rows(Utf8JsonWriter json, LiveChanges changes, LiveCursor cursor)
    {
        var columns = new HtmlTestRow(cursor.Classes, cursor.Assemblies, changes.Started.At, isMeasured: true, text);
        json.WriteStartArray();
        foreach (var row in changes.Rows)
        {
            json.WriteStartArray();
            json.WriteNumberValue(row.Number);
            columns.Write(json, row.Test, row.MayRunAgain ? HtmlTestRow.Outcomes.Length : HtmlTestRow.Rank(row.Test), failure: 0);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private JsonArray Names(Dictionary<string, int> names, int known) =>
        PageJson.Each(names.Keys.Skip(known), name => HtmlPage.Plain(text.Whole(name)));

    private string Shown(string value) => HtmlPage.Plain(text.Within(value, LineBytes));

    private static string FirstLine(string? message) => Catalog.FirstLine.Of(message);

    private static double Since(LiveChanges changes, DateTimeOffset at) =>
        Math.Round(Math.Max(0, (at - changes.Started.At).TotalSeconds), 3);

    private static string Relative(ConcurrentTestSettings settings) =>
        Path.GetRelativePath(settings.RootDirectory, settings.ResultsDirectory).Replace('\\', '/');
}
