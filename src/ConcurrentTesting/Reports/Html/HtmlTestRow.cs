using System.Collections.Immutable;
using System.Text.Json;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Html;

/// <summary>A test in the page's data: an array whose columns <c>report.js</c> names.</summary>
internal static class HtmlTestRow
{
    private const int NameBytes = 2048;

    /// <summary>In the order in which they are listed; their names are what the reader sees.</summary>
    public static readonly ImmutableArray<(string Name, string Sign, string Style)> Outcomes =
    [
        .. Enum.GetValues<FailureKind>().Select(kind => (FailureKinds.Text(kind), "✖", "failed")),
        ("passed", "✔", "passed"),
        ("skipped", "○", "skipped"),
    ];

    /// <summary>While a run goes on there is one more: it failed and will be tried again, or may be.</summary>
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

    public static void WriteOutcomes(Utf8JsonWriter json, ImmutableArray<(string Name, string Sign, string Style)> outcomes)
    {
        json.WriteStartArray("outcomes");
        foreach (var (name, sign, style) in outcomes)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("sign", sign);
            json.WriteString("style", style);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>Writes the columns of a test, into an array that is open.</summary>
    /// <param name="failure">The number of its failure on the page; 0: none.</param>
    /// <param name="isMeasured">The database figures are there.</param>
    public static void Write(
        Utf8JsonWriter json, TestRecord test, int rank, (int Class, int Assembly) names, int failure, DateTimeOffset begin, bool isMeasured,
        ReportText text)
    {
        json.WriteStringValue(HtmlPage.Plain(text.Within(TestNames.Short(test.ClassName, test.Name), NameBytes)));
        json.WriteNumberValue(names.Class);
        json.WriteNumberValue(names.Assembly);
        json.WriteNumberValue(rank);
        json.WriteNumberValue(Math.Round(Math.Max(0, test.Final.Duration.TotalSeconds), 4));
        json.WriteNumberValue(test.Final.Worker);
        json.WriteNumberValue(test.Attempts.Length);
        json.WriteNumberValue(test.IsFlaky ? 1 : 0);
        json.WriteNumberValue(failure);
        json.WriteNumberValue(Math.Round(Math.Max(0, (test.Final.StartedAt - begin).TotalSeconds), 3));
        if (isMeasured)
            Figures(json, test.Final.Figures ?? TestFigures.NotMeasured);
    }

    private static void Figures(Utf8JsonWriter json, TestFigures figures)
    {
        Number(json, figures.Queries);
        Number(json, figures.Writes);
        Number(json, figures.QuerySeconds is { } seconds ? Math.Round(seconds, 4) : null);
    }

    private static void Number(Utf8JsonWriter json, double? value)
    {
        if (value is { } known)
            json.WriteNumberValue(known);
        else
            json.WriteNullValue();
    }
}
