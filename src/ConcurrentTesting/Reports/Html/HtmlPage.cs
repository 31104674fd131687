using System.Buffers;
using System.Net;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>Writes HTML in which every text is escaped; markup is only what is handed in as such.</summary>
internal sealed class HtmlPage(StreamWriter output, ReportText text)
{
    /// <summary>The longest name of a test, in bytes.</summary>
    public const int NameBytes = 2048;

    private static readonly SearchValues<char> Directions = SearchValues.Create(
        "\u200E\u200F\u061C\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069");

    /// <summary>Markup of our own, written as it is.</summary>
    public HtmlPage Markup(string markup)
    {
        output.Write(markup);
        return this;
    }

    /// <summary>Data for the page's script.</summary>
    public HtmlPage Json(string id, Action<Utf8JsonWriter> write) => Data("application/json", id, stream =>
    {
        using var json = new Utf8JsonWriter(stream, PageJson.Options);
        write(json);
    });

    /// <summary>Data for the page's script, in UTF-8.</summary>
    public HtmlPage Data(string type, string id, Action<Stream> write)
    {
        Markup($"<script type=\"{type}\" id=\"{id}\">");
        output.Flush();
        write(output.BaseStream);
        return Markup("</script>");
    }

    /// <summary>Text from outside: redacted, cleaned, escaped. Fit for elements and for quoted attributes.</summary>
    public HtmlPage Text(string value)
    {
        WebUtility.HtmlEncode(Plain(text.Whole(value)), output);
        return this;
    }

    /// <summary>Characters that turn the direction of text (https://trojansource.codes) are shown instead of obeyed; letters of every
    /// script stay.</summary>
    public static string Plain(string value) => value.AsSpan().ContainsAny(Directions)
        ? string.Concat(value.Select(character => Directions.Contains(character) ? $"\\u{(int)character:x4}" : character.ToString()))
        : value;

    /// <summary>Writes at most <paramref name="limit"/> bytes of a text.</summary>
    public HtmlPage Text(string value, int limit) => Text(text.Within(value, limit));

    public HtmlPage Element(string tag, string value, string? style = null) =>
        Markup(style is null ? $"<{tag}>" : $"<{tag} class=\"{style}\">").Text(value).Markup($"</{tag}>");

    /// <summary>Text as it stands, at most <paramref name="limit"/> bytes of it, under a heading; nothing where there is none.</summary>
    public HtmlPage Block(string heading, string? value, int limit) => string.IsNullOrWhiteSpace(value)
        ? this
        : Element("h3", heading).Markup("<pre tabindex=\"0\">").Text(value.ReplaceLineEndings("\n").TrimEnd(), limit).Markup("</pre>");

    /// <summary>Where a test's own page is, named as the page's script puts its name together.</summary>
    public string AddressOf(TestRecord test) => "#test=" + Uri.EscapeDataString(Plain(
        $"{text.Whole(test.Assembly.Source)}/{text.Whole(test.ClassName)}.{text.Within(TestNames.Short(test.ClassName, test.Name), NameBytes)}"));

    /// <summary>A table of text cells; a column whose heading begins with <c>#</c> holds numbers.</summary>
    /// <param name="addresses">What the first cell of each row leads to.</param>
    public HtmlPage Table(
        string caption, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string>> rows, IEnumerable<string>? addresses = null)
    {
        using var leads = addresses?.GetEnumerator();
        var styles = headings.Select(heading => heading.StartsWith('#') ? "number" : null).ToList();
        Markup("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"").Text(caption).Markup("\"><table class=\"cards\">")
            .Element("caption", caption).Markup("<thead><tr>");
        for (var column = 0; column < headings.Count; column++)
        {
            Markup(styles[column] is null ? "<th scope=\"col\">" : "<th scope=\"col\" class=\"number\">")
                .Text(headings[column].TrimStart('#')).Markup("</th>");
        }

        Markup("</tr></thead><tbody>\n");
        foreach (var row in rows)
            Row(row, styles, headings, leads?.MoveNext() == true ? leads.Current : null);

        return Markup("</tbody></table></div>\n");
    }

    private void Row(IReadOnlyList<string> row, List<string?> styles, IReadOnlyList<string> headings, string? address)
    {
        Markup("<tr>");
        for (var column = 0; column < row.Count; column++)
        {
            Markup(styles[column] is { } style ? $"<td class=\"{style}\" data-label=\"" : "<td data-label=\"")
                .Text(headings[column].TrimStart('#')).Markup("\">");
            if (column == 0 && address is not null)
                Markup("<a href=\"").Text(address).Markup("\">").Text(row[column]).Markup("</a></td>");
            else
                Text(row[column]).Markup("</td>");
        }

        Markup("</tr>\n");
    }
}
