using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Console.Hosts;

/// <summary>TeamCity's service messages: the results, figures that it draws over the builds, and why the build failed where no test did.
/// https://www.jetbrains.com/help/teamcity/service-messages.html</summary>
internal static class TeamCityMessages
{
    public static IEnumerable<string> Of(RunRecord run, Redactor redactor)
    {
        if (run.HasArtifacts)
        {
            yield return $"##teamcity[importData type='vstest' path='{Escape(Path.Combine(run.Settings.ResultsDirectory, "test-results.trx"))}' whenNoDataPublished='nothing']";
            yield return $"##teamcity[publishArtifacts '{Escape(run.Settings.ResultsDirectory)} => test-results']";
        }

        foreach (var (key, value) in Statistics(run))
        {
            yield return string.Create(
                CultureInfo.InvariantCulture, $"##teamcity[buildStatisticValue key='concurrentTest.{key}' value='{value:0.###}']");
        }

        if (run.Failed == 0 && run.ExitCode != ConcurrentTestExitCode.Success)
            yield return $"##teamcity[buildProblem description='{Escape(PlainText.OneLine(redactor.Redact(run.Reason)))}' identity='ConcurrentTest']";
    }

    private static IEnumerable<(string Key, double Value)> Statistics(RunRecord run)
    {
        yield return ("wallSeconds", run.Wall.TotalSeconds);
        yield return ("testSeconds", run.TestTime.TotalSeconds);
        yield return ("flaky", run.Flaky);
        if (run.Efficiency is { } efficiency)
            yield return ("efficiency", efficiency);
        if (RunFigures.Of(run).Measured.Queries is { } queries)
            yield return ("queries", queries);
    }

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (var character in text)
        {
            _ = character switch
            {
                '|' or '\'' or '[' or ']' => escaped.Append('|').Append(character),
                '\n' => escaped.Append("|n"),
                '\r' => escaped.Append("|r"),
                > (char)127 => escaped.Append(CultureInfo.InvariantCulture, $"|0x{(int)character:X4}"),
                _ => escaped.Append(character),
            };
        }

        return escaped.ToString();
    }
}
