using System.Text.Json.Nodes;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>A test in the page's data: an array whose columns <c>report.js</c> names.</summary>
internal static class HtmlTestRow
{
    private const int NameBytes = 2048;

    /// <summary>The outcomes in the order in which they are listed; their names are what the reader sees.</summary>
    public static readonly ImmutableArray<(string Name, string Sign, string Style)> Outcomes =
    [
        .. Enum.GetValues<FailureKind>().Select(kind => (FailureKinds.Text(kind), "✖", "failed")),
        ("passed", "✔", "passed"),
        ("skipped", "○", "skipped"),
    ];

    /// <summary>A run that goes on has one more outcome: a test that failed and will be tried again, or may be.</summary>
    public static readonly ImmutableArray<(string Name, string Sign, string Style)> LiveOutcomes =
        [.. Outcomes, ("will run again", "↻", "flaky")];

    private static readonly int Passed = Enum.GetValues<FailureKind>().Length;

    /// <summary>Which of the outcomes it is, by its place.</summary>
    public static int Rank(TestRecord test) => test.Outcome switch
    {
        TestOutcome.Passed => Passed,
        TestOutcome.Skipped => Passed + 1,
        _ => (int)FailureKinds.Of(test),
    };

    public static JsonArray OutcomesAsJson(ImmutableArray<(string Name, string Sign, string Style)> outcomes) => PageJson.Each(
        outcomes, outcome => new JsonObject { ["name"] = outcome.Name, ["sign"] = outcome.Sign, ["style"] = outcome.Style });

    /// <summary>The columns of a test.</summary>
    /// <param name="classes">The numbers of the classes that were named before; this one's is added.</param>
    /// <param name="assemblies">The same of assemblies.</param>
    /// <param name="failure">The number of its failure on the page; 0: none.</param>
    /// <param name="isMeasured">The database figures are there.</param>
    public static JsonArray Of(
        TestRecord test, int rank, Dictionary<string, int> classes, Dictionary<string, int> assemblies, int failure, DateTimeOffset begin,
        bool isMeasured, ReportText text)
    {
        var columns = new JsonArray(
            HtmlPage.Plain(text.Within(TestNames.Short(test.ClassName, test.Name), NameBytes)),
            Index(classes, test.ClassName),
            Index(assemblies, test.Assembly.Source),
            rank,
            FailureKinds.HasDuration(test.Final) ? Math.Round(Math.Max(0, test.Final.Duration.TotalSeconds), 4) : null,
            test.Final.Worker,
            test.Attempts.Length,
            test.IsFlaky ? 1 : 0,
            failure,
            Math.Round(Math.Max(0, (test.Final.StartedAt - begin).TotalSeconds), 3));
        if (isMeasured)
        {
            var figures = test.Final.Figures ?? TestFigures.NotMeasured;
            columns.Add((JsonNode?)figures.Queries);
            columns.Add((JsonNode?)figures.Writes);
            columns.Add((JsonNode?)(figures.QuerySeconds is { } seconds ? Math.Round(seconds, 4) : null));
        }

        return columns;
    }

    private static int Index(Dictionary<string, int> names, string name)
    {
        names.TryAdd(name, names.Count);
        return names[name];
    }
}
