using System.Text;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Prometheus;
using ConcurrentTesting.Reports.Text;
using ConcurrentTesting.Safety;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports;

/// <summary>What is declared in the table of measured figures is told everywhere.</summary>
public sealed class MeasuredFigureTests : IDisposable
{
    private static readonly TestFigures Measured = new([.. MeasuredFigure.All.Select(figure => (double?)Value(figure))]);

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Names => [.. MeasuredFigure.All.Select(figure => figure.Name)];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_declared_figure_is_in_run_json_the_metrics_the_public_case_and_the_report(string name)
    {
        var figure = MeasuredFigure.All.Single(figure => figure.Name == name);
        var record = RecordedRun.Of(_folder.Path, [RecordedRun.Test("Works", RecordedRun.Attempt() with { Figures = Measured })]);

        RunJson(record).GetProperty("tests")[0].GetProperty(name).GetDouble().ShouldBe(Value(figure));
        (await MetricsAsync(record)).ShouldContain($"concurrent_test_{figure.Metric}{{worker=\"0\"}} {Value(figure)}");
        RunResult.Of(record).Tests.Single().Figures[name].ShouldBe(Value(figure));
        Report(record).ShouldContain($">{figure.Title}</td>");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_declared_figure_survives_the_journal(string name)
    {
        var figure = MeasuredFigure.All.Single(figure => figure.Name == name);
        var figures = Measured with { Repeated = [new RepeatedQuery(7, "select \"a\"")], Slowest = [new SlowStatement(0.25, "delete from \"a\"")] };

        var read = JsonSerializer.Deserialize<TestFigures>(JsonSerializer.Serialize(figures))!;

        read[figure].ShouldBe(Value(figure));
        read.ShouldBe(figures);
    }

    [Fact]
    public void Figures_are_added_but_of_peaks_the_highest_counts()
    {
        var sum = TestFigures.Sum([Measured, Measured, TestFigures.NotMeasured]);

        foreach (var figure in MeasuredFigure.All)
            sum[figure].ShouldBe(Value(figure) * (figure.IsPeak ? 1 : 2), figure.Name);
        foreach (var figure in MeasuredFigure.All)
            sum.Since(Measured)[figure].ShouldBe(Value(figure), figure.Name);
    }

    [Fact]
    public void What_was_not_measured_stays_unknown()
    {
        TestFigures.Sum([TestFigures.NotMeasured]).ShouldBe(TestFigures.NotMeasured);
        TestFigures.NotMeasured.Since(Measured).ShouldBe(TestFigures.NotMeasured);
        TestFigures.NotMeasured.Known().ShouldBeEmpty();
    }

    private static double Value(MeasuredFigure figure) => 1000 + figure.Position;

    private string Report(RunRecord record)
    {
        using var output = new MemoryStream();
        HtmlReport.Write(record, output, new AttachmentFolder(_folder.Path), new ReportText(new Redactor()));
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static async Task<string[]> MetricsAsync(RunRecord record)
    {
        using var output = new MemoryStream();
        await MetricsFile.WriteAsync(record, output, TestContext.Current.CancellationToken);
        return Encoding.UTF8.GetString(output.ToArray()).Split('\n');
    }

    private static JsonElement RunJson(RunRecord record)
    {
        using var output = new MemoryStream();
        RecordedRun.WriteJson(record, output, new Redactor());
        return JsonDocument.Parse(output.ToArray()).RootElement;
    }
}
