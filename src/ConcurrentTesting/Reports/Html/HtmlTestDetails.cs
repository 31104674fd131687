using System.IO.Compression;
using System.Security.Cryptography;
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
    public void Write(HtmlPage page, IEnumerable<TestRecord> tests) => page.Data("text/plain", "details-data", stream =>
    {
        using var base64 = new CryptoStream(stream, new ToBase64Transform(), CryptoStreamMode.Write, leaveOpen: true);
        using var gzip = new GZipStream(base64, CompressionLevel.Optimal);
        using var json = new Utf8JsonWriter(gzip, PageJson.Options);
        json.WriteStartObject();
        var index = 0;
        foreach (var test in tests)
        {
            json.WritePropertyName((index++).ToString(CultureInfo.InvariantCulture));
            Write(json, test);
            PageJson.FlushNowAndThen(json);
        }

        json.WriteEndObject();
    }).Markup("\n");

    /// <summary>What the page of one test shows, as it is while the run goes on.</summary>
    public byte[] Of(TestRecord test) => PageJson.Bytes(json => Write(json, test));

    private void Write(Utf8JsonWriter json, TestRecord test)
    {
        json.WriteStartObject();
        Add(json, "method", test.MethodName == test.Name ? null : test.MethodName, PassedBytes);
        var failed = Failing(test);
        Add(json, "place", FailureLocation.Of(failed ?? test, rootDirectory), PassedBytes);
        if (test.IsOutside)
            json.WriteBoolean("outside", true);

        if (_left > 0)
        {
            Attempts(json, test);
            Source(json, failed);
            Statements(json, test);
            History(json, test);
        }
        else
        {
            json.WriteString(
                "cut",
                "Its output is left out here, because this page cannot hold all output of the run; junit.xml and test-results.trx have it.");
        }

        json.WriteEndObject();
    }

    private void Attempts(Utf8JsonWriter json, TestRecord test)
    {
        if (test.Attempts.All(attempt => attempt is
            { Outcome: TestOutcome.Passed, StandardOutput: null or "", StandardError: null or "" }))
            return;

        json.WriteStartArray("attempts");
        foreach (var attempt in test.Others.Append(test.Final))
            Attempt(json, test, attempt);

        json.WriteEndArray();
    }

    private void Attempt(Utf8JsonWriter json, TestRecord test, TestAttempt attempt)
    {
        var limit = attempt.Outcome == TestOutcome.Passed ? PassedBytes : FailureBytes;
        json.WriteStartObject();
        json.WriteString("outcome", FailureKinds.Text(attempt));
        json.WriteString("where", FailureKinds.Where(test, attempt));
        Message(json, FailureText.Message(attempt, rootDirectory), limit);
        Add(json, "stack", FailureText.Stack(attempt, rootDirectory), limit);
        Add(json, "output", attempt.StandardOutput, limit);
        Add(json, "error", attempt.StandardError, limit);
        json.WriteEndObject();
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
        foreach (var (line, value, differing, _) in values)
        {
            json.WriteStartArray();
            json.WriteStringValue(lines[line].AsSpan()[value]);
            json.WriteNumberValue(differing.Start.Value - value.Start.Value);
            json.WriteNumberValue(differing.End.Value - value.Start.Value);
            json.WriteEndArray();
        }

        json.WriteEndArray();
    }

    /// <summary>The test as its last failing attempt left it; null where none failed.</summary>
    private static TestRecord? Failing(TestRecord test) => FailureKinds.IsFailure(test) ? test
        : test.Attempts.LastOrDefault(DecidingAttempt.IsFailure) is { } attempt ? test with { Attempts = [attempt] }
        : null;

    private void Source(Utf8JsonWriter json, TestRecord? failed)
    {
        if (failed is null || sources?.Around(FailureLocation.Of(failed, rootDirectory)) is not { } excerpt)
            return;

        json.WriteStartObject("source");
        json.WriteNumber("first", excerpt.First);
        json.WriteNumber("line", excerpt.Line);
        json.WriteStartArray("lines");
        // The lines are redacted together, so that a secret of several lines is found; the redaction may remove lines.
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
        foreach (var result in past[^Math.Min(past.Length, PastResults)..])
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

        if (!figures.Slowest.IsEmpty)
        {
            json.WriteStartArray("slowest");
            foreach (var query in figures.Slowest)
                Statement(json, query.Seconds, query.Text);

            json.WriteEndArray();
        }

        if (!figures.Repeated.IsEmpty)
        {
            json.WriteStartArray("statements");
            foreach (var query in figures.Repeated)
                Statement(json, query.Count, query.Text);

            json.WriteEndArray();
        }
    }

    private void Statement(Utf8JsonWriter json, double figure, string statement)
    {
        json.WriteStartArray();
        json.WriteNumberValue(figure);
        json.WriteStringValue(Shown(statement, PassedBytes));
        json.WriteEndArray();
    }

    private void Add(Utf8JsonWriter json, string name, string? value, int limit)
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
