using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Html;

/// <summary>The list of all tests: data for the page's script, which shows a hundred rows at a time.</summary>
internal sealed class HtmlTestTable(HtmlPage page, RunRecord record, ReportText text, IReadOnlyList<FailureCluster> failures)
{
    /// <summary>In the order in which they are listed; their names are what the reader sees.</summary>
    private static readonly ImmutableArray<(string Name, string Sign, string Style)> Outcomes =
    [
        .. Enum.GetValues<FailureKind>().Select(kind => (FailureKinds.Text(kind), "✖", "failed")),
        ("passed", "✔", "passed"),
        ("skipped", "○", "skipped"),
    ];

    private static readonly int Passed = Enum.GetValues<FailureKind>().Length;

    /// <summary>The database figures are there where something was measured.</summary>
    private readonly bool _isMeasured = record.Tests.Any(test => test.Final.Figures?.Queries is not null);

    private const string QueryColumns = """
        <th scope="col" class="number" data-sort="queries" data-first="descending"><button type="button">Queries</button></th><th scope="col" class="number" data-sort="writes" data-first="descending"><button type="button">Writes</button></th><th scope="col" class="number" data-sort="querySeconds" data-first="descending"><button type="button">Query time</button></th>
        """;

    private static readonly JsonWriterOptions Json = new()
    {
        // Escapes what could end the script element, whatever a test is called.
        Encoder = JavaScriptEncoder.Create(UnicodeRanges.All),
    };

    public void Write(TextWriter output)
    {
        page.Markup(
            "<section id=\"tests\"><h2>All tests</h2>\n<noscript><p>This list needs JavaScript; the same tests are in run.json and junit.xml.</p></noscript>\n<div id=\"tests-tools\" hidden>\n");
        Filter();
        page.Markup(
            "<details id=\"tree\"><summary>By assembly, namespace and class</summary></details>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"All tests\"><table class=\"cards\" id=\"tests-table\"><caption id=\"tests-status\" aria-live=\"polite\"></caption><thead><tr>")
            .Markup("<th scope=\"col\" data-sort=\"outcome\"><button type=\"button\">Outcome</button></th>")
            .Markup("<th scope=\"col\" data-sort=\"name\"><button type=\"button\">Test</button></th>")
            .Markup("<th scope=\"col\" class=\"number\" data-sort=\"seconds\" data-first=\"descending\"><button type=\"button\">Time</button></th>")
            .Markup(_isMeasured ? QueryColumns : "")
            .Markup("<th scope=\"col\" class=\"number\" data-sort=\"worker\"><button type=\"button\">Worker</button></th>")
            .Markup("<th scope=\"col\" class=\"number\" data-sort=\"attempts\" data-first=\"descending\"><button type=\"button\">Attempts</button></th>")
            .Markup("</tr></thead><tbody id=\"tests-body\"></tbody></table></div>\n")
            .Markup("<div class=\"pages\"><button type=\"button\" id=\"previous\">Previous</button><button type=\"button\" id=\"next\">Next</button></div>\n</div>\n")
            .Markup("<script type=\"application/json\" id=\"tests-data\">");
        output.Write(Encoding.UTF8.GetString(Data()));
        page.Markup("</script></section>\n");
    }

    private void Filter()
    {
        page.Markup(
            "<form class=\"filter\" id=\"filter\" role=\"search\"><label class=\"soft\" for=\"text\">Filter</label><input type=\"search\" id=\"text\" name=\"text\" placeholder=\"words of class, name or assembly\">\n<fieldset aria-label=\"Outcomes\">");
        var ranks = record.Entries.CountBy(Rank).ToDictionary();
        for (var index = 0; index < Outcomes.Length; index++)
        {
            var (name, _, style) = Outcomes[index];
            if (ranks.GetValueOrDefault(index) is not (> 0 and var count))
                continue;

            page.Markup(
                Invariant($"<label class=\"{style}\"><input type=\"checkbox\" name=\"outcome\" value=\"{index}\" checked> {name} ({count})</label>"));
        }

        page.Markup(
            Invariant($"<label class=\"flaky\"><input type=\"checkbox\" name=\"flaky\"> flaky only ({record.Flaky})</label></fieldset>\n<label class=\"soft\">Worker <select name=\"worker\"><option value=\"\">all</option>"));
        foreach (var worker in record.Entries.Select(test => test.Final.Worker).Where(worker => worker >= 0).Distinct().Order())
            page.Markup(Invariant($"<option value=\"{worker}\">{worker}</option>"));

        page.Markup("</select></label></form>\n");
    }

    private byte[] Data()
    {
        var classes = new Dictionary<string, int>(StringComparer.Ordinal);
        var assemblies = new Dictionary<string, int>(StringComparer.Ordinal);
        var numbers = failures.SelectMany((cluster, index) => cluster.Tests.Select(test => KeyValuePair.Create(test, index + 1)))
            .ToDictionary(ReferenceEqualityComparer.Instance);
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Json))
        {
            json.WriteStartObject();
            json.WriteStartArray("tests");
            foreach (var test in Sorted())
                Row(json, test, Index(classes, test.ClassName), Index(assemblies, test.Assembly.Source), numbers.GetValueOrDefault(test));

            json.WriteEndArray();
            Strings(json, "classes", classes.Keys);
            Strings(json, "assemblies", assemblies.Keys);
            WriteOutcomes(json);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    /// <summary>The tests in the order of the list.</summary>
    public IOrderedEnumerable<TestRecord> Sorted() =>
        record.Entries.OrderBy(Rank).ThenByDescending(test => test.Final.Duration).ThenBy(test => test.Id, StringComparer.Ordinal);

    private void Row(Utf8JsonWriter json, TestRecord test, int className, int assembly, int failure)
    {
        json.WriteStartArray();
        json.WriteStringValue(HtmlPage.Plain(text.Within(TestNames.Short(test.ClassName, test.Name), 2048)));
        json.WriteNumberValue(className);
        json.WriteNumberValue(assembly);
        json.WriteNumberValue(Rank(test));
        json.WriteNumberValue(Math.Round(Math.Max(0, test.Final.Duration.TotalSeconds), 4));
        json.WriteNumberValue(test.Final.Worker);
        json.WriteNumberValue(test.Attempts.Length);
        json.WriteNumberValue(test.IsFlaky ? 1 : 0);
        json.WriteNumberValue(failure);
        json.WriteNumberValue(Math.Round(Math.Max(0, (test.Final.StartedAt - record.StartedAt).TotalSeconds), 3));
        if (_isMeasured)
            Figures(json, test.Final.Figures ?? TestFigures.NotMeasured);

        json.WriteEndArray();
    }

    private static void Figures(Utf8JsonWriter json, TestFigures figures)
    {
        Number(json, figures.Queries);
        Number(json, figures.Writes);
        Number(json, figures.QuerySeconds is { } seconds ? Math.Round(seconds, 4) : null);
    }

    private static void Number(Utf8JsonWriter json, double? value)
    {
        if (value is { } known)
            json.WriteNumberValue(known);
        else
            json.WriteNullValue();
    }

    private void Strings(Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
            json.WriteStringValue(HtmlPage.Plain(text.Whole(value)));

        json.WriteEndArray();
    }

    private static void WriteOutcomes(Utf8JsonWriter json)
    {
        json.WriteStartArray("outcomes");
        foreach (var (name, sign, style) in Outcomes)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("sign", sign);
            json.WriteString("style", style);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static int Rank(TestRecord test) => test.Outcome switch
    {
        TestOutcome.Passed => Passed,
        TestOutcome.Skipped => Passed + 1,
        _ => (int)FailureKinds.Of(test),
    };

    private static int Index(Dictionary<string, int> indices, string value)
    {
        if (!indices.TryGetValue(value, out var index))
            indices.Add(value, index = indices.Count);

        return index;
    }
}
