using System.Buffers;
using System.Text.Json.Nodes;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>The list of all tests: data for the page's script, which shows a hundred rows at a time.</summary>
internal sealed class HtmlTestTable(HtmlPage page, RunRecord record, ReportText text, IReadOnlyList<FailureCluster> failures)
{
    private const string Tools = """
        <form class="filter" id="filter" role="search"><label class="soft" for="text">Filter</label><input type="search" id="text" name="text" placeholder="words of class, name or assembly">
        <fieldset id="outcomes" aria-label="Outcomes"></fieldset>
        <label class="soft">Worker <select name="worker"><option value="">all</option></select></label></form>
        <details id="tree"><summary>By assembly, namespace and class</summary></details>
        <div class="scroll" tabindex="0" role="region" aria-label="All tests"><table class="cards" id="tests-table"><caption id="tests-status" aria-live="polite"></caption><thead><tr>
        """;

    private const string QueryColumns = """
        <th scope="col" class="number" data-sort="queries" data-first="descending"><button type="button">Queries</button></th><th scope="col" class="number" data-sort="writes" data-first="descending"><button type="button">Writes</button></th><th scope="col" class="number" data-sort="querySeconds" data-first="descending"><button type="button">Query time</button></th>
        """;

    private const int CopiedAtOnce = 16 * 1024;

    /// <summary>The database figures are there where something was measured.</summary>
    private readonly bool _isMeasured = record.Tests.Any(test => test.Final.Figures?.Queries is not null);

    public void Write(TextWriter output)
    {
        Frame(page, _isMeasured);
        page.Markup("<script type=\"application/json\" id=\"tests-data\">");
        Data(output);
        page.Markup("</script></section>\n");
    }

    /// <summary>The section without its data; it stays open.</summary>
    public static void Frame(HtmlPage page, bool isMeasured) => page
        .Markup("<section id=\"tests\"><h2>All tests</h2>\n<noscript><p>This list needs JavaScript; the same tests are in run.json and junit.xml.</p></noscript>\n<div id=\"tests-tools\" hidden>\n")
        .Markup(Tools)
        .Markup("<th scope=\"col\" data-sort=\"outcome\"><button type=\"button\">Outcome</button></th>")
        .Markup("<th scope=\"col\" data-sort=\"name\"><button type=\"button\">Test</button></th>")
        .Markup("<th scope=\"col\" class=\"number\" data-sort=\"seconds\" data-first=\"descending\"><button type=\"button\">Time</button></th>")
        .Markup(isMeasured ? QueryColumns : "")
        .Markup("<th scope=\"col\" class=\"number\" data-sort=\"worker\"><button type=\"button\">Worker</button></th>")
        .Markup("<th scope=\"col\" class=\"number\" data-sort=\"attempts\" data-first=\"descending\"><button type=\"button\">Attempts</button></th>")
        .Markup("</tr></thead><tbody id=\"tests-body\"></tbody></table></div>\n")
        .Markup("<div class=\"pages\"><button type=\"button\" id=\"previous\">Previous</button><button type=\"button\" id=\"next\">Next</button></div>\n</div>\n");

    /// <summary>The tests in the order of the list.</summary>
    public IOrderedEnumerable<TestRecord> Sorted() =>
        record.Entries.OrderBy(HtmlTestRow.Rank).ThenByDescending(test => test.Final.Duration)
            .ThenBy(test => test.Id, StringComparer.Ordinal);

    private void Data(TextWriter output)
    {
        var classes = new Dictionary<string, int>(StringComparer.Ordinal);
        var assemblies = new Dictionary<string, int>(StringComparer.Ordinal);
        var numbers = failures.SelectMany((cluster, index) => cluster.Tests.Select(test => KeyValuePair.Create(test, index + 1)))
            .ToDictionary(ReferenceEqualityComparer.Instance);
        var data = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(data, PageJson.Options);
        json.WriteStartObject();
        json.WriteStartArray("tests");
        foreach (var test in Sorted())
        {
            HtmlTestRow.Of(
                test, HtmlTestRow.Rank(test), classes, assemblies, numbers.GetValueOrDefault(test), record.StartedAt, _isMeasured,
                text).WriteTo(json);
            if (json.BytesPending > CopiedAtOnce)
                Copy(json, data, output);
        }

        json.WriteEndArray();
        Write(json, "classes", Names(classes));
        Write(json, "assemblies", Names(assemblies));
        Write(json, "outcomes", HtmlTestRow.OutcomesAsJson(HtmlTestRow.Outcomes));
        json.WriteEndObject();
        Copy(json, data, output);
    }

    // It is as long as the run has tests.
    private static void Copy(Utf8JsonWriter json, ArrayBufferWriter<byte> data, TextWriter output)
    {
        json.Flush();
        output.Write(Encoding.UTF8.GetString(data.WrittenSpan));
        data.ResetWrittenCount();
    }

    private JsonArray Names(Dictionary<string, int> names) => PageJson.Each(names.Keys, name => HtmlPage.Plain(text.Whole(name)));

    private static void Write(Utf8JsonWriter json, string name, JsonArray values)
    {
        json.WritePropertyName(name);
        values.WriteTo(json);
    }
}
