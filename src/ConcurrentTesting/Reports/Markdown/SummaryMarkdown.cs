using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Markdown;

/// <summary>The run on one page, <c>summary.md</c>: GitHub-flavoured Markdown that also fits a step summary, which takes 1 MiB.</summary>
internal sealed partial class SummaryMarkdown
{
    private const int FailuresInFull = 50;
    private const int NamesOfCluster = 5;
    private const int Listed = 100;
    private const int Slowest = 10;
    private const int TextBytes = 4 * 1024;
    private const int NameBytes = 512;

    // The bound is in characters of at most three bytes each, and leaves room for what follows.
    private const int LongestFailures = 150_000;
    private const int LongestPage = 300_000;

    private readonly StringBuilder _page = new();
    private readonly RunRecord _record;
    private readonly ReportText _text;

    private SummaryMarkdown(RunRecord record, ReportText text)
    {
        _record = record;
        _text = text;
    }

    public static string Of(RunRecord record, ReportText text)
    {
        var summary = new SummaryMarkdown(record, text);
        summary.Verdict();
        summary.SharedDatabases();
        summary.Figures();
        summary.Machines();
        summary.Failures();
        summary.Unfinished();
        summary.Repeated();
        summary.Flaky();
        summary.Quarantined();
        summary.Benchmark();
        summary.SlowestTests();
        summary.SlowestClasses();
        summary.Incidents();
        return summary._page.ToString();
    }

    private void Verdict()
    {
        var sign = _record.ExitCode switch
        {
            ConcurrentTestExitCode.Success => "✅",
            ConcurrentTestExitCode.TestsFailed => "❌",
            _ => "⚠️",
        };
        Paragraph($"# {sign} {_record.Passed} passed, {_record.Failed} failed, {_record.Skipped} skipped");
        Paragraph($"{Plain(_record.Reason)}");
    }

    /// <summary>The commonest silent mistakes, and the results look well: they stand before them.</summary>
    private void SharedDatabases()
    {
        foreach (var incident in _record.Incidents.Where(incident => IncidentKinds.IsOfSharing(incident.Kind)))
        {
            Line($"> [!WARNING]");
            Paragraph($"> {Plain(incident.Message)}");
        }
    }

    private void Figures()
    {
        var figures = RunFigures.Of(_record);
        Line($"| | |");
        Line($"|:--|:--|");
        Row("Wall time",
            $"{DurationText.Measured(_record.Wall)}{(RunPhases.Text(_record) is { Length: > 0 } phases ? $": {phases}" : "")}");
        Row("Tests' own time",
            $"{DurationText.Measured(_record.TestTime)}{(RunPhases.SpeedUp(_record) is >= 1.05 and var speedUp ? Invariant($", in their phase {speedUp:0.0} times faster than one after another") : "")}");
        Row("Lower bound",
            $"{DurationText.Measured(_record.LowerBound)}{Suffix(_record.Efficiency, efficiency => Invariant($", efficiency {efficiency * 100:0}%"))}");
        Row("Workers", Invariant(
            $"{_record.Settings.Workers}{Suffix(figures.Imbalance, imbalance => Invariant($", the busiest {imbalance:0.00} times the average"))}"));
        Row("Tests", Invariant(
            $"{_record.Tests.Length}{Suffix(figures.Average, average => $", {DurationText.Measured(average)} on average")}{Suffix(figures.Percentile95, p95 => $", 95% within {DurationText.Measured(p95)}")}"));
        if (_record.LeftOut > 0)
            Row("Left out", Invariant($"{_record.LeftOut}, which did not fit the time (--test-budget)"));

        if (_record.Lost is { } lost)
            Row("Why not faster", Plain(lost));

        if (_record.Idle is { } idle)
            Row("Idle", Plain(idle));

        if (_record.Flaky > 0)
            Row("Flaky", Invariant($"{_record.Flaky}"));

        if (_record.Database is { } database)
            Row("Databases", Database(database));

        QueryRows(figures);
        if (_record.Coverage is { } coverage)
            Row("Coverage", coverage.Text);

        Row("Run", Invariant($"{Code(_record.RunId)}, seed {_record.Seed}"));
        Line();
    }

    private void Machines()
    {
        if (_record.Parts.IsEmpty)
            return;

        Paragraph($"## Machines");
        Table(
            "| part | machine | workers | results | time | exit code |\n|--:|:--|--:|--:|--:|--:|",
            _record.Parts,
            part => Invariant(
                $"| {part.Part} | {Plain(part.Machine)} | {part.WorkerNumbers} | {part.Tests} | {DurationText.Measured(TimeSpan.FromSeconds(part.Seconds))} | {part.ExitCode} |"));
    }

    private void QueryRows(RunFigures figures)
    {
        if (RunBenchmark.MostQueriesOf(_record) is not [var first, ..])
            return;

        Row("Queries", Invariant(
            $"{figures.Measured.Queries:N0} ({figures.Measured.Writes ?? 0:N0} writes), most in {Name(first)}: {first.Final.Figures!.Queries:N0}"));
        if (RepeatedStatement.Of(_record) is [var worst, ..] statements)
        {
            Row("Suspected N+1", Invariant(
                $"{statements.Length}, the most frequent {worst.Most:N0} times in {Name(worst.Tests[0])}: {Code(worst.Text)}"));
        }
    }

    private static string Database(DatabaseRecord database)
    {
        var template = database.TemplateHit switch
        {
            true => ", template reused",
            false => ", template built",
            null => "",
        };
        var time = Suffix(database.TemplateTime, time => $" in {DurationText.Measured(time)}");
        var clones = database.CloneTimes is { Length: > 0 } clone
            ? Invariant($", {Quantity.Of(clone.Length, "clone")} of {DurationText.Measured(TimeSpan.FromTicks((long)clone.Average(one => one.Ticks)))} on average")
            : "";
        return $"{database.Engine}{template}{time}{clones}";
    }

    private void Failures()
    {
        var clusters = FailureCluster.Of(_record.FailedEntries);
        if (clusters.IsEmpty)
            return;

        Paragraph($"## Failures");
        var shown = 0;
        while (shown < Math.Min(clusters.Length, FailuresInFull) && _page.Length < LongestFailures)
            Failure(clusters[shown++]);

        foreach (var left in clusters.Skip(shown).GroupBy(cluster => cluster.Kind))
            Paragraph($"… and {left.Sum(cluster => cluster.Tests.Length)} more ({FailureKinds.Text(left.Key)}) in report.html and junit.xml.");
    }

    private void Failure(FailureCluster cluster)
    {
        var test = cluster.First;
        var place = FailureLocation.Of(test, _record.Settings.RootDirectory);
        var kind = cluster.Kind == FailureKind.Failed ? "" : $" ({FailureKinds.Text(cluster.Kind)})";
        var what = cluster.IsMany
            ? Invariant($"{cluster.Tests.Length} × {Plain(FirstLine.Of(test.Final.Message))}{kind}")
            : $"{Name(test)}{kind}{(place is null ? "" : $" at {Code(place)}")}";
        Paragraph($"<details><summary>❌ {what}{(Known(test.KnownFlaky) is { } known ? $" ({known})" : "")}</summary>");
        if (cluster.IsMany)
            Names(cluster);

        Paragraph($"{Plain(Where(test))}");
        Block(FailureText.Message(test.Final, _record.Settings.RootDirectory));
        Block(FailureText.Stack(test.Final, _record.Settings.RootDirectory));
        Paragraph($"</details>");
    }

    private void Names(FailureCluster cluster)
    {
        foreach (var test in cluster.Tests.Take(NamesOfCluster))
            Line($"- {Name(test)}");

        if (cluster.Tests.Length > NamesOfCluster)
            Line($"- … and {cluster.Tests.Length - NamesOfCluster} more");

        Line();
        Paragraph($"The first of them:");
    }

    private static string Where(TestRecord test)
    {
        string[] parts =
            [test.Assembly.Source, test.Attempts.Length > 1
                ? Quantity.Of(test.Attempts.Length, "attempt")
                : "", FailureKinds.Where(test, test.Final)];
        return string.Join(", ", parts.Where(part => part.Length > 0));
    }

    private string Name(TestRecord test) => test.IsOutside ? Code(test.Name) : $"{Code(test.ClassName)}.{Code(test.Name)}";

    private void Repeated()
    {
        if (RepeatTotal.Of(_record.Tests) is not { } total)
            return;

        Paragraph($"## Repeated tests");
        Paragraph($"{Quantity.Of(total.Tests, "test")} in {Invariant($"{total.Runs:N0}")} runs, {Invariant($"{total.Failed:N0}")} of which failed. A test that failed in one of its runs has failed.");
        Table(
            "| test | runs | failed | rate |\n|:--|--:|--:|--:|",
            [.. RepeatTotal.Worst(_record.Tests)],
            test => Invariant(
                $"| {Code(test.ClassName)}.{Code(test.Name)} | {test.Repeats!.Value.Runs} | {test.Repeats.Value.Failed} | {100 * test.Repeats.Value.Rate:0.##}% |"));
    }

    private void Flaky() => Section(
        $"## Flaky tests",
        $"They failed at first and passed in the end.",
        "| test | attempts | before | first failure |\n|:--|--:|:--|:--|",
        RunLists.Flaky(_record),
        test => Invariant(
            $"| {Code(test.ClassName)}.{Code(test.Name)} | {test.Attempts.Length} | {Known(test.KnownFlaky) ?? "new"} | {Plain(FirstLine.Of(test.Attempts.First(attempt => attempt.Outcome != TestOutcome.Passed).Message))} |"));

    private static string? Known(KnownFlaky? known) =>
        known is null ? null : Invariant($"known flaky, in {known.Runs} of {known.OfRuns} runs");

    private void Unfinished() => Section(
        $"## Unfinished",
        $"They were running as the run was stopped, and count as skipped.",
        "| test | worker |\n|:--|--:|",
        _record.Unfinished.ToList(),
        test => Invariant($"| {Code(test.ClassName)}.{Code(test.Name)} | {test.Final.Worker} |"));

    private void Quarantined() => Section(
        $"## Muted failures",
        $"They failed, are quarantined, and count as skipped.",
        "| test | quarantine | failure |\n|:--|:--|:--|",
        RunLists.Muted(_record),
        test => Invariant(
            $"| {Code(test.ClassName)}.{Code(test.Name)} | {Plain(test.Quarantine!)} | {Plain(FirstLine.Of(test.Final.Message))} |"));

    // Nothing where there is no such test.
    private void Section(
        FormattableString title, FormattableString what, string head, List<TestRecord> tests, Func<TestRecord, string> row)
    {
        if (tests.Count == 0)
            return;
        Paragraph(title);
        Paragraph(what);
        Table(head, tests, row);
    }

    private void Benchmark()
    {
        if (!_record.Settings.Benchmark)
            return;

        var benchmark = RunBenchmark.Of(_record);
        Paragraph($"## Where the time went");
        Paragraph($"{BenchmarkLines.Speed(benchmark)}.");
        Table("| phase | wall time |\n|:--|--:|", benchmark.Phases, part =>
            Invariant($"| {part.Name} | {DurationText.Measured(part.Time)} |"));
        Table("| the workers' time | all workers together |\n|:--|--:|", benchmark.WorkerTime, part =>
            Invariant($"| {part.Name} | {DurationText.Measured(part.Time)} |"));
        if (benchmark.MostQueries.Length > 0)
        {
            Paragraph($"## Most queries");
            Table("| test | queries | reads | writes | in them |\n|:--|--:|--:|--:|--:|", benchmark.MostQueries, Queries);
        }

        var repeated = RepeatedStatement.Of(_record);
        if (repeated.Length > 0)
        {
            Paragraph($"## Suspected N+1");
            Paragraph($"One test ran the same query many times, perhaps once for each row of another query.");
            Table("| test | times | tests | query |\n|:--|--:|--:|:--|", repeated, query =>
                Invariant($"| {Name(query.Tests[0])} | {query.Most} | {query.Tests.Length} | {Code(query.Text)} |"));
        }
    }

    private string Queries(TestRecord test)
    {
        var figures = test.Final.Figures!;
        var time = figures.QuerySeconds is { } seconds ? DurationText.Measured(TimeSpan.FromSeconds(seconds)) : "";
        return Invariant($"| {Code(test.ClassName)}.{Code(test.Name)} | {figures.Queries} | {figures.Reads} | {figures.Writes} | {time} |");
    }

    private void SlowestTests()
    {
        var slowest = RunLists.SlowestTests(_record, Slowest);
        if (slowest.Count == 0)
            return;

        Paragraph($"## Slowest tests");
        Table("| test | time | worker |\n|:--|--:|--:|", slowest, test =>
            Invariant($"| {Code(test.ClassName)}.{Code(test.Name)} | {DurationText.Measured(test.Final.Duration)} | {test.Final.Worker} |"));
    }

    private void SlowestClasses()
    {
        var classes = RunLists.SlowestClasses(_record, Slowest);
        if (classes.Count == 0)
            return;

        Paragraph($"## Slowest classes");
        Table("| class | assembly | tests | time |\n|:--|:--|--:|--:|", classes, one =>
            Invariant($"| {Code(one.Name)} | {Plain(one.Source)} | {one.Tests} | {DurationText.Measured(one.Time)} |"));
    }

    private void Incidents()
    {
        if (_record.Incidents.Length == 0)
            return;

        Paragraph($"## Incidents");
        Table(
            "| | what | worker |\n|:--|:--|--:|",
            _record.Incidents,
            incident => Invariant(
                $"| {Plain(incident.Kind)} | {Plain(incident.Message)} | {Suffix(incident.Worker, worker => Invariant($"{worker}"))} |"));
    }

    private void Table<T>(string head, IReadOnlyCollection<T> items, Func<T, string> row)
    {
        _page.Append(head).Append('\n');
        var shown = 0;
        foreach (var item in items.Take(Listed).TakeWhile(_ => _page.Length < LongestPage))
        {
            _page.Append(row(item)).Append('\n');
            shown++;
        }

        Line();
        if (shown < items.Count)
            Paragraph($"… and {items.Count - shown} more.");
    }

    private void Row(string name, string value) => Line($"| {name} | {value} |");

    /// <summary>Text as it stands, in a fence that it cannot close.</summary>
    private void Block(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
            return;

        var body = TextCap.Apply(_text.Whole(text).ReplaceLineEndings("\n").TrimEnd(), TextBytes);
        var fence = new string('`', Math.Max(3, LongestRun(body, '`') + 1));
        Line($"{fence}text");
        Line($"{body}");
        Paragraph($"{fence}");
    }

    /// <summary>Text on one line, not too long, in which nothing is taken for markup.</summary>
    private string Plain(string text) =>
        LoneUnderscore().Replace(Escape(text).Replace("*", "&#42;", StringComparison.Ordinal), "&#95;");

    private string Code(string text) =>
        $"<code>{Plain(text)}</code>";

    // An underscore within a word is no markup, and the file is read as plain text too.
    [GeneratedRegex(@"(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])")]
    private static partial Regex LoneUnderscore();

    private string Escape(string text)
    {
        var line = TextCap.Apply(_text.Whole(text), NameBytes).ReplaceLineEndings(" ").Replace('\t', ' ');
        return new StringBuilder(line)
            .Replace("&", "&amp;")
            .Replace("<", "&lt;")
            .Replace(">", "&gt;")
            .Replace("|", "&#124;")
            .Replace("`", "&#96;")
            .Replace("[", "&#91;")
            .Replace("]", "&#93;")
            .Replace("\\", "&#92;")
            .ToString();
    }

    private static string Suffix<T>(T? value, Func<T, string> text)
        where T : struct => value is { } given ? text(given) : "";

    private static int LongestRun(string text, char character)
    {
        var (longest, run) = (0, 0);
        foreach (var one in text)
        {
            run = one == character ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }

    private void Paragraph(FormattableString text)
    {
        Line(text);
        Line();
    }

    private void Line(FormattableString text) => _page.Append(Invariant(text)).Append('\n');

    private void Line() => _page.Append('\n');
}
