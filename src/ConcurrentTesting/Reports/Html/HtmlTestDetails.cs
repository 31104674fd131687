using System.IO.Compression;
using System.Text.Json.Nodes;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>What the page of a single test shows beyond its row: attempts, output, statements. It is compressed, because it is most of what
/// a run says. Where it is more than a page can hold, failures come first, and the other tests say that theirs was left out.</summary>
/// <param name="sources">Where failures are shown in their source; null: nowhere.</param>
/// <param name="history">How the tests ended in earlier runs, by their ids.</param>
internal sealed class HtmlTestDetails(
    string rootDirectory, IReadOnlyDictionary<string, ImmutableArray<PastResult>> history, ReportText text, SourceLines? sources = null)
{
    private const int FailureBytes = 16 * 1024;
    private const int PassedBytes = 2 * 1024;

    private const int PastResults = 30;
    private const int CharactersOfAResult = 12;

    // The bound is in characters before compression.
    private const int LongestInAll = 24_000_000;

    private int _left = LongestInAll;

    /// <param name="tests">In the order of the list: failures come first.</param>
    public void Write(TextWriter output, IEnumerable<TestRecord> tests)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        using (var json = new Utf8JsonWriter(gzip, PageJson.Options))
        {
            json.WriteStartObject();
            var index = 0;
            foreach (var test in tests)
            {
                json.WritePropertyName((index++).ToString(CultureInfo.InvariantCulture));
                Test(test).WriteTo(json);
            }

            json.WriteEndObject();
        }

        output.Write("<script type=\"text/plain\" id=\"details-data\">");
        output.Write(Convert.ToBase64String(compressed.GetBuffer(), 0, (int)compressed.Length));
        output.Write("</script>\n");
    }

    /// <summary>What the page of one test shows, as it is while the run goes on.</summary>
    public byte[] Of(TestRecord test) => PageJson.Bytes(Test(test));

    private JsonObject Test(TestRecord test)
    {
        var json = new JsonObject();
        Add(json, "method", test.MethodName == test.Name ? null : test.MethodName, PassedBytes);
        var failed = Failing(test);
        Add(json, "place", FailureLocation.Of(failed ?? test, rootDirectory), PassedBytes);
        if (test.IsOutside)
            json["outside"] = true;

        if (_left > 0)
        {
            if (!test.Attempts.All(attempt => attempt is
                { Outcome: TestOutcome.Passed, StandardOutput: null or "", StandardError: null or "" }))
                json["attempts"] = PageJson.Each(test.Others.Append(test.Final), attempt => Attempt(test, attempt));

            Source(json, failed);
            Statements(json, test);
            History(json, test);
        }
        else
        {
            json["cut"] =
                "Its output is left out here, because this page cannot hold all output of the run; junit.xml and test-results.trx have it.";
        }

        return json;
    }

    private JsonObject Attempt(TestRecord test, TestAttempt attempt)
    {
        var limit = attempt.Outcome == TestOutcome.Passed ? PassedBytes : FailureBytes;
        var json = new JsonObject { ["outcome"] = FailureKinds.Text(attempt), ["where"] = FailureKinds.Where(test, attempt) };
        Message(json, FailureText.Message(attempt, rootDirectory), limit);
        Add(json, "stack", FailureText.Stack(attempt, rootDirectory), limit);
        Add(json, "output", attempt.StandardOutput, limit);
        Add(json, "error", attempt.StandardError, limit);
        return json;
    }

    private void Message(JsonObject json, string? message, int limit)
    {
        if (string.IsNullOrWhiteSpace(message))
            return;

        var shown = Shown(Lines(message), limit);
        json["message"] = shown;
        var lines = shown.Split('\n');
        if (ValueDifference.In(lines) is { IsEmpty: false } values)
        {
            json["values"] = PageJson.Each(values, value => new JsonArray(
                lines[value.Line][value.Value], value.Differing.Start.Value - value.Value.Start.Value,
                value.Differing.End.Value - value.Value.Start.Value));
        }
    }

    /// <summary>The test as its last failing attempt left it; null where none failed.</summary>
    private static TestRecord? Failing(TestRecord test) => FailureKinds.IsFailure(test) ? test
        : test.Attempts.LastOrDefault(DecidingAttempt.IsFailure) is { } attempt ? test with { Attempts = [attempt] }
        : null;

    private void Source(JsonObject json, TestRecord? failed)
    {
        if (failed is null || sources?.Around(FailureLocation.Of(failed, rootDirectory)) is not { } excerpt)
            return;

        json["source"] = new JsonObject
        {
            ["first"] = excerpt.First,
            ["line"] = excerpt.Line,
            // The lines are redacted together, so that a secret of several lines is found; the redaction may remove lines.
            ["lines"] = PageJson.Each(Shown(string.Join('\n', excerpt.Lines), FailureBytes).Split('\n'), line => line),
        };
    }

    private void History(JsonObject json, TestRecord test)
    {
        if (!history.TryGetValue(test.Id, out var past))
            return;

        var shown = PageJson.Each(
            past.TakeLast(PastResults), result => new JsonArray(result.IsFailure ? 1 : 0, Math.Round(result.Seconds, 3)));
        _left -= CharactersOfAResult * shown.Count;
        json["history"] = shown;
        json["flaky"] = past.Count(result => result.IsFlaky);
        json["runs"] = past.Length;
    }

    private void Statements(JsonObject json, TestRecord test)
    {
        if (test.Final.Figures is not { } figures)
            return;

        if (!figures.Slowest.IsEmpty)
            json["slowest"] = PageJson.Each(figures.Slowest, query => new JsonArray(query.Seconds, Shown(query.Text, PassedBytes)));
        if (!figures.Repeated.IsEmpty)
            json["statements"] = PageJson.Each(figures.Repeated, query => new JsonArray(query.Count, Shown(query.Text, PassedBytes)));
    }

    private void Add(JsonObject json, string name, string? value, int limit)
    {
        if (!string.IsNullOrWhiteSpace(value))
            json[name] = Shown(Lines(value), limit);
    }

    private static string Lines(string value) => value.ReplaceLineEndings("\n").TrimEnd();

    private string Shown(string value, int limit)
    {
        var shown = HtmlPage.Plain(text.Within(value, limit));
        _left -= shown.Length;
        return shown;
    }
}
