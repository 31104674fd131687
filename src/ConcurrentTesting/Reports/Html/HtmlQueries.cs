using System.Collections.Immutable;
using System.Globalization;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>Which tests hammer the database, and with what: shown wherever something was measured.</summary>
internal sealed class HtmlQueries
{
    private const int Statements = 50;
    private const int TestsOfStatement = 5;

    private readonly HtmlPage _page;
    private readonly ImmutableArray<TestRecord> _most;
    private readonly ImmutableArray<RepeatedStatement> _repeated;

    public HtmlQueries(HtmlPage page, RunRecord record)
    {
        _page = page;
        _most = RunBenchmark.Of(record).MostQueries;
        _repeated = RepeatedStatement.Of(record);
    }

    public bool HasAny => _most.Length > 0;

    public void Write()
    {
        if (!HasAny)
        {
            return;
        }

        _page.Markup("<section id=\"queries\"><h2>Queries</h2>\n").Table(
            "Most queries",
            ["Test", "#Queries", "#Reads", "#Writes", "#Query time"],
            _most.Select(
                test => (string[])[test.FullName, Count(test.Final.Figures!.Queries), Count(test.Final.Figures.Reads), Count(
                    test.Final.Figures.Writes), Time(test.Final.Figures.QuerySeconds)]));
        if (_repeated.Length > 0)
        {
            Repeated();
        }

        _page.Markup("</section>\n");
    }

    private void Repeated()
    {
        _page.Markup(
            "<h3>Suspected N+1</h3>\n<p class=\"soft\">The same statement many times in one test: one for each row of another, perhaps. A query that joins, or loads all rows at once, takes their place.</p>\n").Table(
            _repeated.Length > Statements ? Text($"The {Statements} most frequent of {_repeated.Length} statements")
                : "Statements that one test ran ten times and more",
            ["Statement", "#Most in a test", "#In all", "In"],
            _repeated.Take(Statements).Select(
                statement => (string[])[statement.Text, Count(statement.Most), Count(statement.Total), Tests(statement)]));
    }

    private static string Tests(RepeatedStatement statement)
    {
        var left = statement.Tests.Length - TestsOfStatement;
        return string.Join(
            ", ", statement.Tests.Take(TestsOfStatement).Select(test => test.FullName)) + (left > 0 ? Text($" and {left} more") : "");
    }

    private static string Count(long? count) => count is { } known ? Text($"{known:N0}") : "–";

    private static string Time(double? seconds) => seconds is { } known ? DurationText.Measured(TimeSpan.FromSeconds(known)) : "–";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
