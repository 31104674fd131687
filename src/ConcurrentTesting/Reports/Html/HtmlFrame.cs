using System.Security.Cryptography;

namespace ConcurrentTesting.Reports.Html;

/// <summary>What stands around a page: its head, and at its end the script. That script is the only one that the page lets run, and it
/// reaches nothing, or in a live page the place that it came from.</summary>
internal sealed class HtmlFrame
{
    private const string Start = "report-begin.js";

    private static readonly string[] Parts = ["report.js", "report-test.js", "report-timeline.js"];

    private readonly HtmlPage _page;
    private readonly string _script;
    private readonly string _connections;

    private HtmlFrame(HtmlPage page, string start, string connections)
    {
        _page = page;
        _script = string.Concat(Parts.Append(start).Select(Resource));
        _connections = connections;
    }

    /// <summary>The frame of a file that needs nothing else.</summary>
    public static HtmlFrame OfFile(HtmlPage page) => new(page, Start, "");

    /// <summary>The frame of a page that hears from where it came.</summary>
    public static HtmlFrame OfLivePage(HtmlPage page) => new(page, "report-live.js", "connect-src 'self'; ");

    public void Begin(string title)
    {
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(_script)));
        _page.Markup("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Markup($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; {_connections}style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n")
            .Markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
            .Text(title)
            .Markup("</title>\n<style>").Markup(Resource("report.css")).Markup(
                "</style></head>\n<body><a class=\"skip\" href=\"#main\">To the results</a>\n");
    }

    public void End() => _page.Markup("</main>\n<script>").Markup(_script).Markup("</script>\n</body></html>\n");

    private static string Resource(string name)
    {
        using var stream = typeof(HtmlFrame).Assembly.GetManifestResourceStream(typeof(HtmlFrame), name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
