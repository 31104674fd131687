using System.Collections.Immutable;
using System.Globalization;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>
/// What the page of a single test shows beyond its row: attempts, output, statements. Compressed, because it is most of what a run says;
/// where it is more than a page can hold, what failed comes first and the rest says that it was left out.
/// </summary>
/// <param name="sources">Where failures are shown in their source; null: nowhere.</param>
/// <param name="history">How the tests ended in earlier runs, by their ids.</param>
internal sealed class HtmlTestDetails(
    string rootDirectory, IReadOnlyDictionary<string, ImmutableArray<PastResult>> history, ReportText text, SourceLines? sources = null)
{
    private const int FailureBytes = 16 * 1024;
    private const int PassedBytes = 2 * 1024;

    private const int PastResults = 30;
    private const int CharactersOfAResult = 12;

    // Before it is compressed, in characters.
    private const int LongestInAll = 24_000_000;

    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private int _left = LongestInAll;

    /// <param name="tests">In the order of the list: failures come first.</param>
    public void Write(TextWriter output, IEnumerable<TestRecord> tests)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        using (var json = new Utf8JsonWriter(gzip, Json))
        {
            json.WriteStartObject();
            var index = 0;
            foreach (var test in tests)
            {
                json.WritePropertyName((index++).ToString(CultureInfo.InvariantCulture));
                Test(json, test);
            }

            json.WriteEndObject();
        }

        output.Write("<script type=\"text/plain\" id=\"details-data\">");
        output.Write(Convert.ToBase64String(compressed.GetBuffer(), 0, (int)compressed.Length));
        output.Write("</script>\n");
    }

    /// <summary>What the page of one test shows, as it is while the run goes on.</summary>
    public byte[] Of(TestRecord test)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Json))
            Test(json, test);

        return stream.ToArray();
    }

    private void Test(Utf8JsonWriter json, TestRecord test)
    {
        json.WriteStartObject();
        String(json, "method", test.MethodName == test.Name ? null : test.MethodName, PassedBytes);
        String(json, "place", FailureLocation.Of(test, rootDirectory), PassedBytes);
        if (test.IsOutside)
            json.WriteBoolean("outside", true);

        if (_left > 0)
        {
            Attempts(json, test);
            Source(json, test);
            Statements(json, test);
            History(json, test);
        }
        else
        {
            json.WriteString(
                "cut", "Its output is left out here, because this page cannot hold all output of the run; junit.xml and test-results.trx have it.");
        }

        json.WriteEndObject();
    }

    private void Attempts(Utf8JsonWriter json, TestRecord test)
    {
        if (test.Attempts.All(attempt => attempt is { Outcome: TestOutcome.Passed, StandardOutput: null or "", StandardError: null or "" }))
            return;

        json.WriteStartArray("attempts");
        foreach (var attempt in test.Others.Append(test.Final))
        {
            var limit = attempt.Outcome == TestOutcome.Passed ? PassedBytes : FailureBytes;
            json.WriteStartObject();
            json.WriteString("outcome", FailureKinds.Text(attempt));
            json.WriteString("where", FailureKinds.Where(test, attempt));
            Message(json, FailureText.Message(attempt, rootDirectory), limit);
            String(json, "stack", FailureText.Stack(attempt, rootDirectory), limit);
            String(json, "output", attempt.StandardOutput, limit);
            String(json, "error", attempt.StandardError, limit);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void Message(Utf8JsonWriter json, string? message, int limit)
    {
        if (string.IsNullOrWhiteSpace(message))
            return;

        var shown = Shown(Lines(message), limit);
        json.WriteString("message", shown);
        var lines = shown.Split('\n');
        if (ValueDifference.In(lines) is not { IsEmpty: false } values)
            return;

        json.WriteStartArray("values");
        foreach (var value in values)
        {
            json.WriteStartArray();
            json.WriteStringValue(lines[value.Line].AsSpan()[value.Value]);
            json.WriteNumberValue(value.Differing.Start.Value - value.Value.Start.Value);
            json.WriteNumberValue(value.Differing.End.Value - value.Value.Start.Value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private void Source(Utf8JsonWriter json, TestRecord test)
    {
        if (!FailureKinds.IsFailure(test) || sources?.Around(FailureLocation.Of(test, rootDirectory)) is not { } excerpt)
            return;

        json.WriteStartObject("source");
        json.WriteNumber("first", excerpt.First);
        json.WriteNumber("line", excerpt.Line);
        json.WriteStartArray("lines");
        // Together, so that a secret of several lines is known; it may take lines with it.
        foreach (var line in Shown(string.Join('\n', excerpt.Lines), FailureBytes).Split('\n'))
            json.WriteStringValue(line);

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void History(Utf8JsonWriter json, TestRecord test)
    {
        if (!history.TryGetValue(test.Id, out var past))
            return;

        json.WriteStartArray("history");
        foreach (var result in past.TakeLast(PastResults))
        {
            json.WriteStartArray();
            json.WriteNumberValue(result.IsFailure ? 1 : 0);
            json.WriteNumberValue(Math.Round(result.Seconds, 3));
            json.WriteEndArray();
            _left -= CharactersOfAResult;
        }

        json.WriteEndArray();
        json.WriteNumber("flaky", past.Count(result => result.IsFlaky));
        json.WriteNumber("runs", past.Length);
    }

    private void Statements(Utf8JsonWriter json, TestRecord test)
    {
        if (test.Final.Figures is not { } figures)
            return;

        Statements(json, "slowest", [.. figures.Slowest.Select(statement => (statement.Seconds, statement.Text))]);
        Statements(json, "statements", [.. figures.Repeated.Select(query => ((double)query.Count, query.Text))]);
    }

    private void Statements(Utf8JsonWriter json, string name, IReadOnlyList<(double Figure, string Text)> statements)
    {
        if (statements.Count == 0)
            return;

        json.WriteStartArray(name);
        foreach (var (figure, statement) in statements)
        {
            json.WriteStartArray();
            json.WriteNumberValue(figure);
            json.WriteStringValue(Shown(statement, PassedBytes));
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    private void String(Utf8JsonWriter json, string name, string? value, int limit)
    {
        if (!string.IsNullOrWhiteSpace(value))
            json.WriteString(name, Shown(Lines(value), limit));
    }

    private static string Lines(string value) => value.ReplaceLineEndings("\n").TrimEnd();

    private string Shown(string value, int limit)
    {
        var shown = HtmlPage.Plain(text.Within(value, limit));
        _left -= shown.Length;
        return shown;
    }
}
