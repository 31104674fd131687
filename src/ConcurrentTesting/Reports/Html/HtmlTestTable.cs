using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>The list of all tests: data for the page's script, which shows a hundred rows at a time.</summary>
/// <param name="tests">In the order of the list.</param>
internal sealed class HtmlTestTable(
    HtmlPage page, RunRecord record, IReadOnlyList<TestRecord> tests, ReportText text, IReadOnlyList<FailureCluster> failures)
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

    /// <summary>The database figures are there where something was measured.</summary>
    private readonly bool _isMeasured = record.Tests.Any(test => test.Final.Figures?.Queries is not null);

    public void Write()
    {
        Frame(page, _isMeasured);
        page.Json("tests-data", Data).Markup("</section>\n");
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

    /// <summary>The tests of a run in the order of the list.</summary>
    public static IReadOnlyList<TestRecord> Sorted(RunRecord record) =>
        [.. record.Entries.Order(Comparer<TestRecord>.Create(Compare))];

    private static int Compare(TestRecord one, TestRecord other)
    {
        var order = HtmlTestRow.Rank(one) - HtmlTestRow.Rank(other);
        if (order == 0)
            order = other.Final.Duration.CompareTo(one.Final.Duration);
        return order == 0 ? string.CompareOrdinal(one.Id, other.Id) : order;
    }

    private void Data(Utf8JsonWriter json)
    {
        var classes = new Dictionary<string, int>(StringComparer.Ordinal);
        var assemblies = new Dictionary<string, int>(StringComparer.Ordinal);
        var numbers = failures.SelectMany((cluster, index) => cluster.Tests.Select(test => KeyValuePair.Create(test, index + 1)))
            .ToDictionary(ReferenceEqualityComparer.Instance);
        var row = new HtmlTestRow(classes, assemblies, record.StartedAt, _isMeasured, text);
        json.WriteStartObject();
        json.WriteStartArray("tests");
        foreach (var test in tests)
        {
            json.WriteStartArray();
            row.Write(json, test, HtmlTestRow.Rank(test), numbers.GetValueOrDefault(test));
            json.WriteEndArray();
            PageJson.FlushNowAndThen(json);
        }

        json.WriteEndArray();
        Names(json, "classes", classes);
        Names(json, "assemblies", assemblies);
        json.WritePropertyName("outcomes");
        HtmlTestRow.OutcomesAsJson(HtmlTestRow.Outcomes).WriteTo(json);
        json.WriteEndObject();
    }

    private void Names(Utf8JsonWriter json, string property, Dictionary<string, int> names)
    {
        json.WriteStartArray(property);
        foreach (var name in names.Keys)
        {
            json.WriteStringValue(HtmlPage.Plain(text.Whole(name)));
            PageJson.FlushNowAndThen(json);
        }

        json.WriteEndArray();
    }
}
