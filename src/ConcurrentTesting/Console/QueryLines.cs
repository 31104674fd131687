using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Console;

/// <summary>The database work of a run in two lines: who has most queries, and what may be an N+1.</summary>
internal static class QueryLines
{
    private const int LongestStatement = 160;

    public static IEnumerable<string> Of(RunRecord run, Redactor redactor)
    {
        if (RunBenchmark.MostQueriesOf(run) is not [var first, ..])
            yield break;
        var all = RunFigures.Of(run).Measured;
        yield return Invariant(
            $"  Queries    {all.Queries:N0} ({all.Writes ?? 0:N0} writes), most in {FailureText.Name(first, redactor)}: {first.Final.Figures!.Queries:N0}");
        if (RepeatedStatement.Of(run) is [var worst, ..] statements)
        {
            yield return Invariant(
                $"  N+1?       {worst.Most:N0} times in {FailureText.Name(worst.Tests[0], redactor)}{More(statements.Length - 1)}: {Statement(worst.Text, redactor)}");
        }
    }

    private static string Statement(string text, Redactor redactor) =>
        PlainText.Cap(PlainText.OneLine(redactor.Redact(text)), LongestStatement);

    private static string More(int statements) => statements switch
    {
        0 => "",
        1 => " (and one more statement)",
        _ => Invariant($" (and {statements} more statements)"),
    };
}
