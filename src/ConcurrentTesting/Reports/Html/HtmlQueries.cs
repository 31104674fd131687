using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Html;

/// <summary>Which tests hammer the database, and with what: shown wherever something was measured.</summary>
internal sealed class HtmlQueries
{
    private const int Statements = 50;
    private const int TestsOfStatement = 5;
    private const int SlowestStatements = 10;

    private static readonly ImmutableArray<MeasuredFigure> MostFigures =
        [MeasuredFigure.Queries, MeasuredFigure.Reads, MeasuredFigure.Writes, MeasuredFigure.Others, MeasuredFigure.QuerySeconds];

    private readonly HtmlPage _page;
    private readonly ImmutableArray<TestRecord> _most;
    private readonly ImmutableArray<RepeatedStatement> _repeated;
    private readonly ImmutableArray<SlowestStatement> _slowest;
    private readonly ImmutableArray<TestRecord> _measured;
    private readonly TestFigures _all;

    public HtmlQueries(HtmlPage page, RunRecord record)
    {
        _page = page;
        _most = RunBenchmark.MostQueriesOf(record);
        _repeated = RepeatedStatement.Of(record);
        _slowest = SlowestStatement.Of(record);
        _measured = [.. record.Tests.Where(test => test.Final.Figures is not null)];
        _all = TestFigures.Sum(_measured.Select(test => test.Final.Figures!));
    }

    public bool HasAny => _most.Length > 0;

    public void Write()
    {
        if (!HasAny)
            return;

        _page.Markup("<section id=\"queries\"><h2>Queries</h2>\n").Table(
            "Most queries",
            ["Test", .. MostFigures.Select(figure => $"#{figure.Title}")],
            _most.Select(
                test => (string[])[
                    test.FullName, .. MostFigures.Select(figure => FigureText.Of(figure, test.Final.Figures![figure]))]),
            _most.Select(_page.AddressOf));
        Totals();
        if (_slowest.Length > 0)
            Slowest();
        if (_repeated.Length > 0)
            Repeated();

        _page.Markup("</section>\n");
    }

    private void Totals()
    {
        _page.Table(
            "What was measured",
            ["Figure", "#All tests", "#Most in a test", "In"],
            MeasuredFigure.All.Where(figure => _all[figure] is not null).Select(
                figure =>
                {
                    var most = _measured.MaxBy(test => test.Final.Figures![figure])!;
                    return (string[])[
                        figure.Title, FigureText.Of(figure, figure.IsPeak ? null : _all[figure]),
                        FigureText.Of(figure, most.Final.Figures![figure]), most.Final.Figures[figure] > 0 ? most.FullName : "–"];
                }));
    }

    private void Slowest() =>
        _page.Table(
            "Slowest statements",
            ["Statement", "#Longest", "#Tests", "Longest in"],
            _slowest.Take(SlowestStatements).Select(
                statement => (string[])[
                    statement.Text, DurationText.Measured(TimeSpan.FromSeconds(statement.Longest)), Invariant($"{statement.Tests:N0}"),
                    statement.Slowest.FullName]));

    private void Repeated()
    {
        _page.Markup(
            "<h3>Suspected N+1</h3>\n<p class=\"soft\">One test ran the same statement many times, perhaps once for each row of another query. A query that joins, or loads all rows at once, can replace them.</p>\n").Table(
            _repeated.Length > Statements ? Invariant($"The {Statements} most frequent of {_repeated.Length} statements")
                : "Statements that one test ran ten times and more",
            ["Statement", "#Most in a test", "#In all", "In"],
            _repeated.Take(Statements).Select(
                statement => (string[])[
                    statement.Text, Invariant($"{statement.Most:N0}"), Invariant($"{statement.Total:N0}"), Tests(statement)]));
    }

    private static string Tests(RepeatedStatement statement)
    {
        var left = statement.Tests.Length - TestsOfStatement;
        return string.Join(
            ", ", statement.Tests.Take(TestsOfStatement).Select(test => test.FullName)) + (left > 0 ? Invariant($" and {left} more") : "");
    }
}
