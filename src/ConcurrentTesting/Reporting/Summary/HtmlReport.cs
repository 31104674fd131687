using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ConcurrentTesting.Discovery;
using ConcurrentTesting.Results;

namespace ConcurrentTesting.Reporting.Summary;

/// <summary>
/// The run to look through, <c>report.html</c>: one file without anything from outside, which works from a folder. All but the list of all tests is there without
/// scripts; its own script is the only one that the page lets run.
/// </summary>
internal sealed class HtmlReport
{
    private const int FailuresInFull = 300;
    private const int Listed = 500;
    private const int Slowest = 20;
    private const int TextBytes = 16 * 1024;

    private readonly RunRecord _record;
    private readonly ReportText _text;
    private readonly AttachmentFolder _attachments;
    private readonly List<TestRecord> _failures;
    private readonly HtmlPage _page;
    private readonly TextWriter _output;

    private HtmlReport(RunRecord record, TextWriter output, AttachmentFolder attachments, ReportText text)
    {
        _record = record;
        _output = output;
        _text = text;
        _attachments = attachments;
        _page = new HtmlPage(output, text);
        _failures = [.. record.Entries.Where(IsFailed).OrderBy(test => test.Id, StringComparer.Ordinal).Take(FailuresInFull)];
    }

    /// <exception cref="IOException">The output cannot be written.</exception>
    public static void Write(RunRecord record, Stream output, AttachmentFolder attachments, ReportText text)
    {
        using var writer = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 64 * 1024, leaveOpen: true) { NewLine = "\n" };
        new HtmlReport(record, writer, attachments, text).Write();
    }

    private void Write()
    {
        var script = Resource("report.js");
        Head(script);
        Header();
        _page.Markup("<main id=\"main\">\n");
        HtmlTimeline.Write(_page, _record);
        Failures();
        Flaky();
        Muted();
        SlowestTests();
        SlowestClasses();
        Databases();
        Incidents();
        new HtmlTestTable(_page, _record, _text, _failures).Write(_output);
        _page.Markup("</main>\n<script>").Markup(script).Markup("</script>\n</body></html>\n");
    }

    private void Head(string script)
    {
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));
        _page.Markup("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
            .Markup($"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'\">\n")
            .Markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>")
            .Text(Invariant($"{Sign()} {_record.Failed} failed, {_record.Passed} passed"))
            .Markup("</title>\n<style>").Markup(Resource("report.css")).Markup("</style></head>\n<body><a class=\"skip\" href=\"#main\">To the results</a>\n");
    }

    private void Header()
    {
        var figures = RunFigures.Of(_record);
        var style = _record.ExitCode == ConcurrentTestExitCode.Success ? "passed" : "failed";
        _page.Markup($"<header><h1><span class=\"{style}\">")
            .Text(Invariant($"{Sign()} {_record.Passed} passed, {_record.Failed} failed, {_record.Skipped} skipped"))
            .Markup("</span></h1><p>").Text(_record.Reason)
            .Markup("<br><span class=\"soft\">")
            .Text(Invariant($"Run {_record.RunId} on {_record.Machine}, {_record.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, seed {_record.Seed}"))
            .Markup("</span></p>\n");
        Navigation();
        _page.Markup("<dl class=\"figures\">\n");
        Figure("Wall time", DurationText.Measured(_record.Wall), figures.Speedup is >= 1.05 and var speedup ? Invariant($"{speedup:0.0} times faster than one after another") : "");
        Figure("Tests' own time", DurationText.Measured(_record.TestTime), figures.Average is { } average ? $"{DurationText.Measured(average)} on average" : "");
        Figure("Lower bound", DurationText.Measured(_record.LowerBound), _record.Efficiency is { } efficiency ? Invariant($"efficiency {efficiency * 100:0} %") : "");
        Figure("Workers", Invariant($"{_record.Settings.Workers}"), figures.Imbalance is { } imbalance ? Invariant($"the busiest {imbalance:0.00} times the average") : "");
        Figure("Flaky", Invariant($"{_record.Flaky}"), "failed at first, passed in the end");
        Figure("95 % within", figures.Percentile95 is { } p95 ? DurationText.Measured(p95) : "–", Invariant($"{_record.KnownTimings * 100:0} % of durations known before"));
        if (_record.Coverage is { LinesValid: > 0 } coverage)
        {
            Figure("Lines covered", Invariant($"{100.0 * coverage.LinesCovered / coverage.LinesValid:0.0} %"), coverage.Text);
        }

        _page.Markup("</dl></header>\n");
    }

    private void Navigation()
    {
        (string Id, string Name, bool IsThere)[] sections =
        [
            ("timeline", "Workers over time", _record.Batches.Length > 0),
            ("failures", "Failures", _failures.Count > 0),
            ("flaky", "Flaky", _record.Flaky > 0),
            ("muted", "Muted", _record.Tests.Any(test => test.IsMuted)),
            ("slowest", "Slowest", _record.Tests.Length > 0),
            ("databases", "Databases", _record.Database is not null),
            ("incidents", "Incidents", _record.Incidents.Length > 0),
            ("tests", "All tests", true),
        ];
        _page.Markup("<nav aria-label=\"Sections\"><ul>");
        foreach (var (id, name, _) in sections.Where(section => section.IsThere))
        {
            _page.Markup($"<li><a href=\"#{id}\">{name}</a></li>");
        }

        _page.Markup("</ul></nav>\n");
    }

    private void Figure(string name, string value, string note) =>
        _page.Markup("<div>").Element("dt", name).Markup("<dd>").Text(value).Element("small", note).Markup("</dd></div>\n");

    private void Failures()
    {
        if (_failures.Count == 0)
        {
            return;
        }

        _page.Markup("<section id=\"failures\"><h2>Failures</h2>\n");
        for (var index = 0; index < _failures.Count; index++)
        {
            Failure(_failures[index], index + 1);
        }

        if (_record.Failed > _failures.Count)
        {
            _page.Element("p", Invariant($"… and {_record.Failed - _failures.Count} more; all of them are in the list of all tests and in junit.xml."));
        }

        _page.Markup("</section>\n");
    }

    private void Failure(TestRecord test, int number)
    {
        var attempt = test.Final;
        _page.Markup(Invariant($"<details id=\"failure-{number}\"{(number <= 3 ? " open" : "")}><summary><span class=\"failed\">✖ {OutcomeText(test.Outcome)}</span> <code>"))
            .Element("span", test.IsOutside ? "" : $"{test.ClassName}.", "soft").Text(TestNames.Short(test.ClassName, test.Name)).Markup("</code></summary>\n<p class=\"soft\">")
            .Text(Invariant($"{test.Assembly.Source}, worker {attempt.Worker}, {DurationText.Measured(attempt.Duration)}"));
        if (FailureLocation.Of(test, _record.Settings.RootDirectory) is { } place)
        {
            _page.Markup(" · <code>").Text(place).Markup("</code>");
        }

        _page.Markup("</p>\n");
        Attempt(attempt);
        Files(attempt);
        EarlierAttempts(test);
        _page.Markup("</details>\n");
    }

    private void Attempt(TestAttempt attempt) =>
        _page.Block("Message", attempt.Message, TextBytes)
            .Block("Stack", attempt.StackTrace, TextBytes)
            .Block("Output", attempt.StandardOutput, TextBytes)
            .Block("Error output", attempt.StandardError, TextBytes);

    private void EarlierAttempts(TestRecord test)
    {
        foreach (var attempt in test.Attempts[..^1])
        {
            _page.Element("h3", Invariant($"Attempt {attempt.Number} on worker {attempt.Worker}: {OutcomeText(attempt.Outcome)} after {DurationText.Measured(attempt.Duration)}"));
            Attempt(attempt);
            Files(attempt);
        }
    }

    private void Files(TestAttempt attempt)
    {
        foreach (var file in _attachments.Of(attempt))
        {
            var path = string.Join('/', Path.GetRelativePath(_record.Settings.ResultsDirectory, file).Split(Path.DirectorySeparatorChar).Select(Uri.EscapeDataString));
            _page.Markup("<p>Attached: <a href=\"").Text(path).Markup("\">").Text(Path.GetFileName(file)).Markup("</a></p>\n");
        }
    }

    private void Flaky()
    {
        var flaky = _record.FlakyEntries.OrderBy(test => test.Id, StringComparer.Ordinal).ToList();
        if (flaky.Count == 0)
        {
            return;
        }

        _page.Markup("<section id=\"flaky\"><h2>Flaky tests</h2>\n<p class=\"soft\">They failed at first and passed in the end.</p>\n");
        foreach (var test in flaky.Take(Listed))
        {
            _page.Markup("<details><summary><span class=\"flaky\">↻ flaky</span> <code>")
                .Element("span", test.IsOutside ? "" : $"{test.ClassName}.", "soft").Text(TestNames.Short(test.ClassName, test.Name)).Markup("</code></summary>\n");
            EarlierAttempts(test);
            _page.Markup("</details>\n");
        }

        _page.Markup("</section>\n");
    }

    private void Muted()
    {
        var muted = _record.Tests.Where(test => test.IsMuted).OrderBy(test => test.Id, StringComparer.Ordinal).ToList();
        if (muted.Count == 0)
        {
            return;
        }

        _page.Markup("<section id=\"muted\"><h2>Muted failures</h2>\n<p class=\"soft\">They failed, are quarantined, and count as skipped.</p>\n");
        foreach (var test in muted.Take(Listed))
        {
            _page.Markup("<details><summary><span class=\"skipped\">○ muted</span> <code>")
                .Element("span", test.IsOutside ? "" : $"{test.ClassName}.", "soft").Text(TestNames.Short(test.ClassName, test.Name)).Markup("</code></summary>\n")
                .Element("p", test.Quarantine!);
            Attempt(test.Final);
            _page.Markup("</details>\n");
        }

        _page.Markup("</section>\n");
    }

    private void SlowestTests()
    {
        if (_record.Tests.Length == 0)
        {
            return;
        }

        _page.Markup("<section id=\"slowest\"><h2>Slowest</h2>\n").Table(
            "Tests by duration",
            ["Test", "#Time", "#Worker"],
            _record.Tests
                .Where(test => test.Outcome != TestOutcome.Skipped)
                .OrderByDescending(test => test.Final.Duration)
                .ThenBy(test => test.Id, StringComparer.Ordinal)
                .Take(Slowest)
                .Select(test => (string[])[Name(test), DurationText.Measured(test.Final.Duration), Invariant($"{test.Final.Worker}")]));
    }

    private void SlowestClasses()
    {
        if (_record.Tests.Length == 0)
        {
            return;
        }

        _page.Table(
            "Classes by what their tests took together",
            ["Class", "Assembly", "#Tests", "#Time"],
            _record.Tests
                .GroupBy(test => (test.ClassName, test.Assembly.Source))
                .Select(group => (group.Key, Count: group.Count(), Time: TimeSpan.FromTicks(group.Sum(test => test.Final.Duration.Ticks))))
                .OrderByDescending(group => group.Time)
                .ThenBy(group => group.Key.ClassName, StringComparer.Ordinal)
                .Take(Slowest)
                .Select(group => (string[])[group.Key.ClassName, group.Key.Source, Invariant($"{group.Count}"), DurationText.Measured(group.Time)]))
            .Markup("</section>\n");
    }

    private void Databases()
    {
        if (_record.Database is not { } database)
        {
            return;
        }

        List<(string Name, string Value)> figures =
        [
            ("engine", database.Engine),
            ("template", database.Template ?? "–"),
            ("fingerprint", database.Fingerprint ?? "–"),
            ("template was", TemplateText(database)),
            ("clones", Times(database.CloneTimes)),
            ("drops", Times(database.DropTimes)),
            .. database.Counts.Select(count => (count.Key.Replace('_', ' '), Invariant($"{count.Value}"))),
        ];
        _page.Markup("<section id=\"databases\"><h2>Databases</h2>\n")
            .Table("What the databases came to", ["", "Value"], figures.Select(figure => (string[])[figure.Name, figure.Value]))
            .Markup("</section>\n");
    }

    private static string TemplateText(DatabaseRecord database)
    {
        var how = database.TemplateHit switch
        {
            true => "found and used again",
            false => "built",
            null => "–",
        };
        return database.TemplateTime is { } time ? $"{how}, {DurationText.Measured(time)}" : how;
    }

    private static string Times(IReadOnlyCollection<TimeSpan> times)
    {
        if (times.Count == 0)
        {
            return "–";
        }

        var sorted = times.Order().ToList();
        return Invariant($"{sorted.Count}: median {DurationText.Measured(sorted[sorted.Count / 2])}, from {DurationText.Measured(sorted[0])} to {DurationText.Measured(sorted[^1])}");
    }

    private void Incidents()
    {
        if (_record.Incidents.Length == 0)
        {
            return;
        }

        _page.Markup("<section id=\"incidents\"><h2>Incidents</h2>\n").Table(
            "What happened besides the tests",
            ["#After", "Kind", "What", "#Worker"],
            _record.Incidents.Take(Listed).Select(incident => (string[])
            [
                DurationText.Measured(incident.At - _record.StartedAt),
                incident.Kind,
                _text.Within(incident.Message, TextBytes),
                incident.Worker is { } worker ? Invariant($"{worker}") : "",
            ]))
            .Markup("</section>\n");
    }

    private string Sign() => _record.ExitCode switch
    {
        ConcurrentTestExitCode.Success => "✔",
        ConcurrentTestExitCode.TestsFailed => "✖",
        _ => "⚠",
    };

    private static bool IsFailed(TestRecord test) => test.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped);

    private static string OutcomeText(TestOutcome outcome) => outcome switch
    {
        TestOutcome.TimedOut => "timed out",
        TestOutcome.Error => "no result",
        _ => outcome.ToString().ToLowerInvariant(),
    };

    private string Name(TestRecord test) => _text.Within(test.FullName, 2048);

    private static string Resource(string name)
    {
        using var stream = typeof(HtmlReport).Assembly.GetManifestResourceStream(typeof(HtmlReport), name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
