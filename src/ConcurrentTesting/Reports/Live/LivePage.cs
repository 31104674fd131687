using System.Text.Json.Nodes;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Live;

/// <summary>The report's page before there is anything to report: its script fills it with what it hears.</summary>
internal static class LivePage
{
    private const string Header = """
        <header><h1 id="live-title">The run begins</h1><p><span id="live-text"></span><br><span class="soft" id="live-run"></span></p>
        <p id="live-note" role="status"></p>
        <nav aria-label="Sections"><ul><li><a href="#live">Running now</a></li><li><a href="#failures">Failures</a></li><li><a href="#timeline">Workers over time</a></li><li><a href="#incidents">Incidents</a></li><li><a href="#tests">All tests</a></li></ul></nav>
        <progress id="live-bar" max="1" value="0" aria-label="Tests that are over"></progress>
        <dl class="figures" id="live-figures"></dl></header>
        <main id="main">
        <section id="test" hidden></section>
        <section id="live"><h2>Running now</h2><div class="scroll" tabindex="0" role="region" aria-label="Running now"><table class="cards"><caption>What each worker runs</caption><thead><tr><th scope="col">Worker</th><th scope="col">Test</th><th scope="col" class="number">Since</th></tr></thead><tbody id="live-workers"></tbody></table></div></section>
        <section id="failures"><h2>Failures</h2><p class="soft" id="live-no-failure">None so far.</p><ul class="names" id="live-failures"></ul></section>
        <section id="timeline"><h2>Workers over time</h2>

        """;

    private const string Incidents = """
        </section>
        <section id="incidents"><h2>Incidents</h2><p class="soft" id="live-no-incident">None so far.</p><ul class="names" id="live-incidents"></ul></section>

        """;

    private const string Run = """
        <script type="application/json" id="run-data">{"isLive":true,"seconds":1,"bound":0,"runJson":"","workers":[],"labels":[],"phases":[],"batches":[],"spans":[],"running":[]}</script>

        """;

    private static JsonObject Tests => new()
    {
        ["tests"] = new JsonArray(),
        ["classes"] = new JsonArray(),
        ["assemblies"] = new JsonArray(),
        ["outcomes"] = HtmlTestRow.OutcomesAsJson(HtmlTestRow.LiveOutcomes),
    };

    public static byte[] Write(ReportText text)
    {
        using var stream = new MemoryStream();
        using (var writer = new StreamWriter(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" })
        {
            var page = new HtmlPage(writer, text);
            var frame = HtmlFrame.OfLivePage(page);
            frame.Begin("Tests are running");
            page.Markup(Header).Markup(HtmlTimeline.Canvas).Markup(Incidents);
            HtmlTestTable.Frame(page, isMeasured: true);
            page.Markup("<script type=\"application/json\" id=\"tests-data\">").Markup(Tests.ToJsonString()).Markup("</script></section>\n")
            .Markup(Run);
            frame.End();
        }

        return stream.ToArray();
    }
}
