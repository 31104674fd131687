using ConcurrentTesting.Reports.History;
using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Html;

/// <summary>The report to look through, <c>report.html</c>: one file without anything from outside, which works from a folder. All but the
/// list of all tests is there without scripts; its own script is the only one that the page lets run.</summary>
internal sealed class HtmlReport
{
    // Later failures have a line each here; in full they are on the tests' own pages, which are compressed.
    private const int FailuresInFull = 30;
    private const int FailuresListed = 300;
    private const int Listed = 500;
    private const int Slowest = 20;
    private const int TextBytes = 16 * 1024;
    private const int NamesOfCluster = 100;
    private const int NamesOfOneChange = 5;

    private readonly RunRecord _record;
    private readonly ReportText _text;
    private readonly AttachmentFolder _attachments;
    private readonly ImmutableArray<FailureCluster> _failures;
    private readonly HtmlQueries _queries;
    private readonly ImmutableArray<HistoryFinding> _changes;
    private readonly HtmlPage _page;

    private HtmlReport(RunRecord record, StreamWriter output, AttachmentFolder attachments, ReportText text)
    {
        _record = record;
        _text = text;
        _attachments = attachments;
        _page = new HtmlPage(output, text);
        _failures = FailureCluster.Of(record.Entries);
        _queries = new HtmlQueries(_page, record);
        _changes = HistoryFindings.Of(record);
    }

    /// <exception cref="IOException">The output cannot be written.</exception>
    public static void Write(RunRecord record, Stream output, AttachmentFolder attachments, ReportText text)
    {
        using var writer = new StreamWriter(
            output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 16 * 1024, leaveOpen: true)
        { NewLine = "\n" };
        new HtmlReport(record, writer, attachments, text).Write();
    }

    private void Write()
    {
        var frame = HtmlFrame.OfFile(_page);
        frame.Begin(Invariant($"{Sign()} {_record.Failed} failed, {_record.Passed} passed"));
        Header();
        _page.Markup("<main id=\"main\">\n<section id=\"test\" hidden></section>\n");
        Failures();
        HtmlTimeline.Write(_page, _record);
        Machines();
        Repeated();
        Flaky();
        Muted();
        Unfinished();
        SlowestTests();
        SlowestClasses();
        Changes();
        Comparison();
        _queries.Write();
        Databases();
        Incidents();
        var tests = HtmlTestTable.Sorted(_record);
        new HtmlTestTable(_page, _record, tests, _text, [.. _failures.Take(FailuresListed)]).Write();
        new HtmlRunData(_record).Write(_page);
        var sources = new SourceLines(_record.Settings.RootDirectory, _record.StartedAt);
        new HtmlTestDetails(_record.Settings.RootDirectory, _record.History, _text, sources).Write(_page, tests);
        frame.End();
    }

    private void Header()
    {
        var figures = RunFigures.Of(_record);
        var style = _record.ExitCode == ConcurrentTestExitCode.Success ? "passed" : "failed";
        _page.Markup($"<header><h1><span class=\"{style}\">")
            .Text(Invariant($"{Sign()} {_record.Passed} passed, {_record.Failed} failed, {_record.Skipped} skipped"))
            .Markup("</span></h1><p>").Text(_record.Reason)
            .Markup("<br><span class=\"soft\">")
            .Text(Invariant(
                $"Run {_record.RunId} on {_record.Machine}, {_record.StartedAt.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC, seed {_record.Seed}"))
            .Markup("</span></p>\n");
        Navigation();
        _page.Markup("<dl class=\"figures\">\n");
        Figure("Wall time", DurationText.Measured(_record.Wall), RunPhases.Text(_record));
        Figure("Tests' own time", DurationText.Measured(_record.TestTime), OwnTime(figures));
        Figure("Lower bound", DurationText.Measured(_record.LowerBound), _record.Efficiency is { } efficiency
            ? Invariant($"efficiency {efficiency * 100:0}%{(_record.Lost is { } lost ? $": {lost}" : "")}")
            : "");
        Figure("Workers", Invariant($"{_record.Settings.Workers}"), figures.Imbalance is { } imbalance
            ? Invariant($"the busiest {imbalance:0.00} times the average")
            : "");
        Figure("Flaky", Invariant($"{_record.Flaky}"), "failed at first, passed in the end");
        if (figures.Measured.Queries is { } queries)
            Figure("Queries", Invariant($"{queries:N0}"), Invariant($"{figures.Measured.Writes ?? 0:N0} of them writes"));

        Figure("95% of tests within", figures.Percentile95 is { } p95
            ? DurationText.Measured(p95)
            : "–", Invariant($"{_record.KnownTimings * 100:0}% of them had timings for the plan"));
        if (_record.Coverage is { LinesValid: > 0 } coverage)
            Figure("Lines covered", Invariant($"{100.0 * coverage.LinesCovered / coverage.LinesValid:0.0}%"), coverage.Text);

        _page.Markup("</dl></header>\n");
    }

    private string OwnTime(RunFigures figures)
    {
        var average = figures.Average is { } time ? $"{DurationText.Measured(time)} on average" : "";
        return RunPhases.SpeedUp(_record) is >= 1.05 and var factor
            ? Invariant($"{factor:0.0} times faster than one after another; {average}")
            : average;
    }

    private void Navigation()
    {
        (string Id, string Name, bool IsThere)[] sections =
        [
            ("failures", "Failures", _failures.Length > 0),
            ("timeline", "Workers over time", _record.Batches.Length > 0),
            ("machines", "Machines", !_record.Parts.IsEmpty),
            ("repeated", "Repeated tests", RepeatTotal.Of(_record.Tests) is not null),
            ("flaky", "Flaky", _record.Flaky > 0),
            ("muted", "Muted", _record.Tests.Any(test => test.IsMuted)),
            ("unfinished", "Unfinished", _record.Unfinished.Any()),
            ("slowest", "Slowest", _record.Tests.Length > 0),
            ("changes", "Changes", _changes.Length > 0),
            ("comparison", "Beside another run", _record.Compared is not null),
            ("queries", "Queries", _queries.HasAny),
            ("databases", "Databases", _record.Database is not null),
            ("incidents", "Incidents", _record.Incidents.Length > 0),
            ("tests", "All tests", true),
        ];
        _page.Markup("<nav aria-label=\"Sections\"><ul>");
        foreach (var (id, name, _) in sections.Where(section => section.IsThere))
            _page.Markup($"<li><a href=\"#{id}\">{name}</a></li>");

        _page.Markup("</ul></nav>\n");
    }

    private void Figure(string name, string value, string note) =>
        _page.Markup("<div>").Element("dt", name).Markup("<dd>").Text(value).Element("small", note).Markup("</dd></div>\n");

    private void Failures()
    {
        if (_failures.Length == 0)
            return;

        _page.Markup("<section id=\"failures\"><h2>Failures</h2>\n");
        for (var index = 0; index < Math.Min(_failures.Length, FailuresInFull); index++)
            Failure(_failures[index], index + 1);

        FailuresInShort();
        foreach (var left in _failures.Skip(FailuresListed).GroupBy(cluster => cluster.Kind))
        {
            _page.Element(
                "p", Invariant(
                    $"… and {left.Sum(cluster => cluster.Tests.Length)} more: {FailureKinds.Text(left.Key)}. All of them are in the list of all tests and in junit.xml."));
        }

        _page.Markup("</section>\n");
    }

    private void FailuresInShort()
    {
        if (_failures.Length <= FailuresInFull)
            return;

        _page.Element("p", "What follows is told in short; each test's own page has the rest.", "soft").Markup("<ul class=\"names\">\n");
        for (var index = FailuresInFull; index < Math.Min(_failures.Length, FailuresListed); index++)
            FailureInShort(_failures[index], index + 1);

        _page.Markup("</ul>\n");
    }

    private void FailureInShort(FailureCluster cluster, int number)
    {
        var test = cluster.First;
        _page.Markup(Invariant($"<li id=\"failure-{number}\"><span class=\"failed\">✖ {FailureKinds.Text(cluster.Kind)}</span> "))
            .Text(cluster.IsMany ? Invariant($"{cluster.Tests.Length} × ") : "")
            .Markup("<a href=\"").Text(_page.AddressOf(test)).Markup("\">");
        Name(test).Markup("</a><div class=\"soft\"><bdi>").Text(FirstLine.Of(test.Final.Message), HtmlPage.NameBytes)
            .Markup("</bdi></div></li>\n");
    }

    private void Failure(FailureCluster cluster, int number)
    {
        var test = cluster.First;
        _page.Markup(
            Invariant($"<details id=\"failure-{number}\"{(number <= 3 ? " open" : "")}><summary><span class=\"failed\">✖ {FailureKinds.Text(cluster.Kind)}</span> "));
        if (cluster.IsMany)
        {
            _page.Text(Invariant($"{cluster.Tests.Length} × ")).Text(FirstLine.Of(test.Final.Message), HtmlPage.NameBytes)
                .Markup("</summary>\n<p>The first of them: ");
            Name(test).Markup("</p>\n");
        }
        else
        {
            Name(test);
            if (HistoryFindings.OfFailure(_record, test) is { } since)
                _page.Markup(" <span class=\"soft\">(").Text(since).Markup(")</span>");

            _page.Markup("</summary>\n");
        }

        Where(test);
        Attempt(test.Final);
        Files(test.Final);
        EarlierAttempts(test);
        if (cluster.IsMany)
            Names(cluster);
        _page.Markup("</details>\n");
    }

    private void Names(FailureCluster cluster)
    {
        _page.Markup(Invariant($"<details><summary>All {cluster.Tests.Length} tests</summary>\n<ul class=\"names\">"));
        foreach (var test in cluster.Tests.Take(NamesOfCluster))
        {
            _page.Markup("<li><a href=\"").Text(_page.AddressOf(test)).Markup("\">");
            Name(test).Markup("</a></li>");
        }

        if (cluster.Tests.Length > NamesOfCluster)
        {
            _page.Element(
                "li", Invariant($"… and {cluster.Tests.Length - NamesOfCluster} more; all of them are in the list of all tests"), "soft");
        }

        _page.Markup("</ul></details>\n");
    }

    private HtmlPage Name(TestRecord test) =>
        _page.Markup("<span><bdi><code>").Element("span", test.IsOutside ? "" : $"{test.ClassName}.", "soft")
            .Text(TestNames.Short(test.ClassName, test.Name)).Markup("</code></bdi></span>");

    private void Where(TestRecord test)
    {
        string[] parts = [test.Assembly.Source, FailureKinds.Where(test, test.Final)];
        _page.Markup("<p class=\"soft\">").Text(string.Join(", ", parts.Where(part => part.Length > 0)));
        if (FailureLocation.Of(test, _record.Settings.RootDirectory) is { } place)
            _page.Markup(" · <code>").Text(place).Markup("</code>");

        _page.Markup(" · <a href=\"").Text(_page.AddressOf(test)).Markup("\">its page</a></p>\n");
    }

    private void Attempt(TestAttempt attempt) =>
        _page.Block("Message", FailureText.Message(attempt, _record.Settings.RootDirectory), TextBytes)
            .Block("Stack", FailureText.Stack(attempt, _record.Settings.RootDirectory), TextBytes)
            .Block("Output", attempt.StandardOutput, TextBytes)
            .Block("Error output", attempt.StandardError, TextBytes);

    private void EarlierAttempts(TestRecord test)
    {
        foreach (var attempt in test.Others)
        {
            _page.Element("h3", Invariant($"Attempt {attempt.Number}: {FailureKinds.Text(attempt)} ({FailureKinds.Where(test, attempt)})"));
            Attempt(attempt);
            Files(attempt);
        }
    }

    private void Files(TestAttempt attempt)
    {
        foreach (var file in _attachments.Of(attempt))
        {
            var path = string.Join(
                '/', Path.GetRelativePath(_record.Settings.ResultsDirectory, file).Split(Path.DirectorySeparatorChar)
                    .Select(Uri.EscapeDataString));
            _page.Markup("<p>Attached: <a href=\"").Text(path).Markup("\">").Text(Path.GetFileName(file)).Markup("</a></p>\n");
        }
    }

    private void Machines()
    {
        if (_record.Parts.IsEmpty)
            return;

        _page.Markup("<section id=\"machines\"><h2>Machines</h2>\n").Table(
            "What each machine ran",
            ["#Part", "Machine", "#Workers", "#Results", "#Time", "#Exit code"],
            _record.Parts.Select(part => (string[])
            [
                Invariant($"{part.Part}"),
                part.Machine,
                part.WorkerNumbers,
                Invariant($"{part.Tests}"),
                DurationText.Measured(TimeSpan.FromSeconds(part.Seconds)),
                Invariant($"{part.ExitCode}"),
            ]))
            .Markup("</section>\n");
    }

    private void Repeated()
    {
        if (RepeatTotal.Of(_record.Tests) is not { } total)
            return;

        _page.Markup("<section id=\"repeated\"><h2>Repeated tests</h2>\n").Element(
            "p", Invariant($"{Quantity.Of(total.Tests, "test")} in {total.Runs:N0} runs, {total.Failed:N0} of which failed. A test that failed in one of its runs has failed."));
        _page.Table(
            "Tests that were to run several times",
            ["Test", "#Runs", "#Failed", "#Rate"],
            [.. RepeatTotal.Worst(_record.Tests).Take(Listed).Select(
                test => (string[])
                [
                    test.FullName,
                    Invariant($"{test.Repeats!.Value.Runs:N0}"),
                    Invariant($"{test.Repeats.Value.Failed:N0}"),
                    Invariant($"{100 * test.Repeats.Value.Rate:0.##}%"),
                ])]);
        _page.Markup("</section>\n");
    }

    private void Flaky()
    {
        var flaky = RunLists.Flaky(_record);
        if (flaky.Count == 0)
            return;

        _page.Markup("<section id=\"flaky\"><h2>Flaky tests</h2>\n<p class=\"soft\">They failed at first and passed in the end.</p>\n");
        foreach (var test in flaky.Take(Listed))
        {
            _page.Markup("<details><summary><span class=\"flaky\">↻ flaky</span> ");
            Name(test).Markup("</summary>\n");
            EarlierAttempts(test);
            _page.Markup("</details>\n");
        }

        _page.Markup("</section>\n");
    }

    private void Muted()
    {
        var muted = RunLists.Muted(_record);
        if (muted.Count == 0)
            return;

        _page.Markup(
            "<section id=\"muted\"><h2>Muted failures</h2>\n<p class=\"soft\">They failed, are quarantined, and count as skipped.</p>\n");
        foreach (var test in muted.Take(Listed))
        {
            _page.Markup("<details><summary><span class=\"skipped\">○ muted</span> ");
            Name(test).Markup("</summary>\n").Element("p", test.Quarantine!);
            Attempt(test.Final);
            _page.Markup("</details>\n");
        }

        _page.Markup("</section>\n");
    }

    private void Unfinished()
    {
        var unfinished = _record.Unfinished.Take(Listed).ToList();
        if (unfinished.Count == 0)
            return;

        _page.Markup("<section id=\"unfinished\"><h2>Unfinished</h2>\n").Table(
            "Tests that were running as the run was stopped, and count as skipped",
            ["Test", "#Worker"],
            unfinished.Select(test => (string[])[FullName(test), Invariant($"{test.Final.Worker}")]),
            unfinished.Select(_page.AddressOf))
            .Markup("</section>\n");
    }

    private void SlowestTests()
    {
        if (_record.Tests.Length == 0)
            return;

        var slowest = RunLists.SlowestTests(_record, Slowest);
        _page.Markup("<section id=\"slowest\"><h2>Slowest</h2>\n").Table(
            "Tests by duration",
            ["Test", "#Time", "#Worker"],
            slowest.Select(
                test => (string[])[FullName(test), DurationText.Measured(test.Final.Duration), Invariant($"{test.Final.Worker}")]),
            slowest.Select(_page.AddressOf));
    }

    private void SlowestClasses()
    {
        if (_record.Tests.Length == 0)
            return;

        _page.Table(
            "Classes by what their tests took together",
            ["Class", "Assembly", "#Tests", "#Time"],
            RunLists.SlowestClasses(_record, Slowest).Select(
                one => (string[])[one.Name, one.Source, Invariant($"{one.Tests}"), DurationText.Measured(one.Time)]))
            .Markup("</section>\n");
    }

    private void Changes()
    {
        if (_changes.Length == 0)
            return;

        var changes = HistoryFindings.Together(_changes);
        var shown = changes.Take(Listed).ToList();
        _page.Markup("<section id=\"changes\"><h2>Changes</h2>\n").Table(
            changes.Length > Listed ? Invariant($"Against earlier runs; the first {Listed} of {changes.Length}") : "Against earlier runs",
            ["Test", "What"],
            shown.Select(same => (string[])[Names(same), What(same)]),
            shown.Select(same => _page.AddressOf(same[0].Test)))
            .Markup("</section>\n");
    }

    private string Names(ImmutableArray<HistoryFinding> same) =>
        string.Join(", ", same.Take(NamesOfOneChange).Select(change => FullName(change.Test)))
        + (same.Length > NamesOfOneChange ? Invariant($" and {same.Length - NamesOfOneChange} more") : "");

    private string What(ImmutableArray<HistoryFinding> same) => same is [var only] ? only.Text
        : Invariant($"{same.Length} × {same[0].Text}")
            + (FailureKinds.IsFailure(same[0].Test)
                ? $": {_text.Within(FirstLine.Of(same[0].Test.Final.Message), HtmlPage.NameBytes)}"
                : "");

    private void Comparison()
    {
        if (_record.Compared is not { } before)
            return;

        var comparison = RunComparison.Of(_record, before);
        _page.Markup("<section id=\"comparison\"><h2>Beside run ").Text(comparison.Other).Markup("</h2>\n")
            .Table("The runs", ["Figure", "#Before", "#Now"], comparison.Figures.Select(
                figure => (string[])[figure.Name, figure.Before, figure.Now]))
            .Table("What differs", ["Test", "What", "#Before", "#Now"], comparison.Tests.Select(
                test => (string[])[test.Test, test.What, test.Before, test.Now]))
            .Markup("</section>\n");
    }

    private void Databases()
    {
        if (_record.Database is not { } database)
            return;

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
            .Table("What the databases came to", ["Figure", "Value"], figures.Select(figure => (string[])[figure.Name, figure.Value]))
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
            return "–";

        var sorted = times.Order().ToList();
        return Invariant(
            $"{sorted.Count}: median {DurationText.Measured(sorted[sorted.Count / 2])}, from {DurationText.Measured(sorted[0])} to {DurationText.Measured(sorted[^1])}");
    }

    private void Incidents()
    {
        if (_record.Incidents.Length == 0)
            return;

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

    private string FullName(TestRecord test) => _text.Within(test.FullName, HtmlPage.NameBytes);
}
