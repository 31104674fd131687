using System.Text.Json.Nodes;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>A test in the page's data: an array whose columns <c>report.js</c> names.</summary>
/// <param name="classes">The numbers of the classes that were named before; those of the tests are added.</param>
/// <param name="assemblies">The same of assemblies.</param>
/// <param name="isMeasured">The database figures are there.</param>
internal sealed class HtmlTestRow(
    Dictionary<string, int> classes, Dictionary<string, int> assemblies, DateTimeOffset begin, bool isMeasured, ReportText text)
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

    /// <summary>Writes the columns of a test into an array that is open.</summary>
    /// <param name="failure">The number of its failure on the page; 0: none.</param>
    public void Write(Utf8JsonWriter json, TestRecord test, int rank, int failure)
    {
        var final = test.Final;
        json.WriteStringValue(HtmlPage.Plain(text.Within(TestNames.Short(test.ClassName, test.Name), NameBytes)));
        json.WriteNumberValue(Index(classes, test.ClassName));
        json.WriteNumberValue(Index(assemblies, test.Assembly.Source));
        json.WriteNumberValue(rank);
        Write(json, FailureKinds.HasDuration(final) ? Math.Max(0, final.Duration.TotalSeconds) : null);
        json.WriteNumberValue(final.Worker);
        json.WriteNumberValue(test.Attempts.Length);
        json.WriteNumberValue(test.IsFlaky ? 1 : 0);
        json.WriteNumberValue(failure);
        json.WriteNumberValue(Math.Round(Math.Max(0, (final.StartedAt - begin).TotalSeconds), 3));
        if (!isMeasured)
            return;

        var figures = final.Figures ?? TestFigures.NotMeasured;
        Write(json, figures.Queries);
        Write(json, figures.Writes);
        Write(json, figures.QuerySeconds);
    }

    private static void Write(Utf8JsonWriter json, double? value)
    {
        if (value is { } number)
            json.WriteNumberValue(Math.Round(number, 4));
        else
            json.WriteNullValue();
    }

    private static int Index(Dictionary<string, int> names, string name)
    {
        if (!names.TryGetValue(name, out var index))
            names.Add(name, index = names.Count);
        return index;
    }
}
