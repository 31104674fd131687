using System.Text.Json;
using System.Text.RegularExpressions;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Prometheus;
using Prometheus;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Prometheus;

/// <summary>What is said of the metrics is what there is.</summary>
public sealed partial class MetricsDocumentTests
{
    private const string Begin = "<!-- metrics:begin -->";
    private const string End = "<!-- metrics:end -->";

    [Fact]
    public void The_document_lists_every_metric_with_its_type_labels_and_meaning()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Docs, "metrics.md")).ReplaceLineEndings("\n");
        var listed = document[(document.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)..document.IndexOf(End, StringComparison.Ordinal)];

        var rows = Collectors().Select(metric =>
            $"| `{metric.Name}` | {metric.GetType().Name.ToLowerInvariant()} | {string.Join(", ", metric.LabelNames.Select(label => $"`{label}`"))} | {metric.Help} |");

        listed.Trim().Split('\n')[2..].ShouldBe(rows);
    }

    [Fact]
    public void The_dashboard_asks_for_metrics_and_labels_that_there_are()
    {
        var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Docs, "grafana", "concurrent-test.json"))).RootElement;
        var known = Collectors().ToDictionary(metric => metric.Name, metric => metric.LabelNames);

        var expressions = dashboard.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!).ToList();

        expressions.Count.ShouldBeGreaterThan(20);
        foreach (var expression in expressions)
        {
            var name = MetricName().Match(expression).Value;
            known.ShouldContainKey(name.EndsWith("_bucket", StringComparison.Ordinal) ? name[..^"_bucket".Length] : name, expression);
            foreach (var label in By().Matches(expression).SelectMany(match => match.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).Where(label => label != "le"))
                known[name].ShouldContain(label, expression);
        }
    }

    private static List<Collector> Collectors()
    {
        var metrics = new RunMetrics(Metrics.NewCustomRegistry());
        return
        [
            .. typeof(RunMetrics).GetProperties().Where(property => property.PropertyType.IsAssignableTo(typeof(Collector))).Select(property => (Collector)property.GetValue(metrics)!),
            .. MeasuredFigure.All.Select(metrics.Measured),
        ];
    }

    [GeneratedRegex(@"concurrent_test_\w+")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"by \(([^)]*)\)")]
    private static partial Regex By();
}
