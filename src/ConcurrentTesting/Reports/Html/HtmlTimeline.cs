using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Reports.Html;

/// <summary>The workers over time, as SVG: a row a worker, a bar a batch, a mark a failure.</summary>
internal sealed class HtmlTimeline
{
    private const int Narrow = 64;
    private const int OfLetter = 6;
    private const int Right = 1000;
    private const int RowHeight = 20;
    private const int Bar = 16;
    private const int Top = 18;
    private const int Marks = 300;

    private readonly HtmlPage _page;
    private readonly RunRecord _record;
    private readonly List<int> _workers;
    private readonly WorkerLabels _labels;
    private readonly Dictionary<int, string> _notStarted;
    private readonly int _left;
    private readonly double _seconds;

    private HtmlTimeline(HtmlPage page, RunRecord record)
    {
        _page = page;
        _record = record;
        // A worker that had nothing to do has an empty lane.
        _workers = [.. Enumerable.Range(0, record.Settings.Workers).Union(record.Batches.Select(batch => batch.Worker)).Order()];
        _labels = new WorkerLabels(record);
        _notStarted = record.Workers.Where(worker => worker.NotStarted is not null).DistinctBy(worker => worker.Number).ToDictionary(
            worker => worker.Number, worker => worker.NotStarted!);
        _left = Math.Max(Narrow, 10 + (OfLetter * _labels.Longest));
        _seconds = Math.Max(
            0.001, Math.Max(
                record.Span.TotalSeconds,
                record.Batches.Select(batch => Seconds(batch.StartedAt + batch.Duration)).DefaultIfEmpty().Max()));
    }

    private int Height => Top + (_workers.Count * RowHeight) + 4;

    public static void Write(HtmlPage page, RunRecord record)
    {
        if (record.Batches.Length > 0)
            new HtmlTimeline(page, record).Write();
    }

    private void Write()
    {
        _page.Markup("<section id=\"timeline\"><h2>Workers over time</h2>\n")
            .Markup(Canvas)
            .Markup("<div id=\"batches\"><div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Workers over time\">\n")
            .Markup(Invariant(
                $"<svg class=\"timeline\" viewBox=\"0 0 {Right + 8} {Height}\" role=\"img\" aria-labelledby=\"timeline-title timeline-text\">"))
            .Markup("<title id=\"timeline-title\">Workers over time</title><desc id=\"timeline-text\">")
            .Text(
                $"{Quantity.Of(_workers.Count - _notStarted.Count, "worker")} ran {Quantity.Of(_record.Batches.Length, "batch")} "
                + $"in {DurationText.Measured(_record.Wall)}.")
            .Markup("</desc>\n");
        Axis();
        Rows();
        foreach (var batch in _record.Batches)
            Batch(batch);

        Failures();
        Bound();
        _page.Markup("</svg></div>\n<ul class=\"legend\">")
            .Markup("<li><span></span>planned</li><li><span class=\"tail\"></span>shared tail</li><li><span class=\"again\"></span>run again</li><li><span class=\"died\"></span>host died</li>")
            .Markup("<li class=\"failed\">▼ failure</li><li>┆ lower bound after the first batch began</li></ul></div>\n");
        Explanation();
        _page.Markup("</section>\n");
    }

    /// <summary>Where the page's script draws every test.</summary>
    public const string Canvas = """
        <div id="lanes-tools" hidden><p class="soft"><label>Colour by <select id="lanes-colour"><option value="outcome">outcome</option><option value="duration">duration</option><option value="queries">time in queries</option></select></label>
        <span class="mouse">Wheel or + and − to zoom, drag or arrow keys to move, 0 for all; a click, or up, down and Enter, opens a test.</span><span class="touch">Two fingers to zoom, drag to move; a tap opens a test.</span></p>
        <div class="lanes"><canvas id="lanes" tabindex="0" role="application" aria-label="Timeline of all tests by worker; the list of all tests has the same"></canvas><div id="lanes-tip" role="status" hidden></div></div>
        <ul class="legend"><li><span></span>passed</li><li><span class="died"></span>failed</li><li><span class="flaky-fill"></span>flaky</li><li><span class="skipped-fill"></span>skipped</li><li><span class="host-fill"></span>the test host beside its tests</li><li><span class="clone-fill"></span>clones</li><li><span class="reset-fill"></span>resets</li><li><span class="start-fill"></span>host starts</li><li><span class="phase-fill"></span>phases of the run</li><li>nothing: the worker was idle</li><li>┆ lower bound after the first batch began</li></ul></div>

        """;

    private void Explanation()
    {
        if (_record.Idle is { } idle)
            _page.Markup("<p><strong>Why it was not faster:</strong> almost no work for ").Text(idle).Markup(".</p>\n");

        if (BenchmarkLines.WorkerTime(RunBenchmark.WorkerTimeOf(_record)) is { Length: > 0 } parts)
            _page.Markup("<p>The workers' time: ").Text(parts).Markup(".</p>\n");

        _page.Markup(
            "<p class=\"soft\">The lower bound is what no schedule on as many workers beats: the longest test or what has to stay together, or all tests shared evenly, whichever is longer. ")
            .Markup("Efficiency is the lower bound as a share of the time that the tests' phase took.</p>\n");
    }

    private void Axis()
    {
        var step = Step(_seconds);
        for (var at = 0d; at <= _seconds; at += step)
        {
            var x = X(at);
            _page.Markup(
                Invariant($"<line x1=\"{x:0.#}\" y1=\"{Top - 4}\" x2=\"{x:0.#}\" y2=\"{Height}\"/><text x=\"{x:0.#}\" y=\"10\" text-anchor=\"middle\">{Math.Round(at, 3):0.###} s</text>"));
        }
    }

    private void Rows()
    {
        for (var row = 0; row < _workers.Count; row++)
        {
            _page.Markup(
                Invariant($"<text x=\"{_left - 8}\" y=\"{Top + (row * RowHeight) + 12}\" text-anchor=\"end\">"))
                .Text(_labels.Of(_workers[row])).Markup("</text>\n");
            if (!_notStarted.TryGetValue(_workers[row], out var reason))
                continue;
            _page.Markup(Invariant($"<text class=\"not-started\" x=\"{_left + 6}\" y=\"{Top + (row * RowHeight) + 12}\">not started: "))
                .Text(reason).Markup("</text>\n");
        }
    }

    private void Batch(BatchRecord batch)
    {
        var x = X(Seconds(batch.StartedAt));
        var width = Math.Max(1.5, X(Seconds(batch.StartedAt + batch.Duration)) - x);
        _page.Markup(
            Invariant($"<rect class=\"{Style(batch)}\" x=\"{x:0.#}\" y=\"{Y(batch.Worker)}\" width=\"{width:0.#}\" height=\"{Bar}\" rx=\"2\"><title>"))
            .Text(Invariant(
                $"batch {batch.Number} ({batch.Reason}), worker {batch.Worker}: {Quantity.Of(batch.Tests, "result")} of {batch.Assembly.Source} in {DurationText.Measured(batch.Duration)}"))
            .Text(batch.Error is { } error ? $"; {error}" : "", 512)
            .Markup("</title></rect>\n");
    }

    private void Failures()
    {
        var failures = _record.Entries
            .Where(test => test.Attempts.Any(DecidingAttempt.IsFailure))
            .SelectMany(test => test.Attempts, (test, attempt) => (Test: test, Attempt: attempt))
            .Where(pair => DecidingAttempt.IsFailure(pair.Attempt) && _workers.Contains(pair.Attempt.Worker)
                && pair.Attempt.StartedAt >= _record.StartedAt);
        foreach (var (test, attempt) in failures.Take(Marks))
        {
            var x = X(Seconds(attempt.StartedAt + attempt.Duration));
            _page.Markup(Invariant($"<path class=\"failure\" d=\"M{x - 4:0.#} {Y(attempt.Worker)} h8 l-4 7 z\"><title>"))
                .Text(test.FullName, 512)
                .Markup("</title></path>\n");
        }
    }

    private void Bound()
    {
        var bound = Seconds(_record.Batches.Min(batch => batch.StartedAt) + _record.LowerBound);
        if (_record.LowerBound > TimeSpan.Zero && bound <= _seconds)
        {
            _page.Markup(
                Invariant($"<line class=\"bound\" x1=\"{X(bound):0.#}\" y1=\"{Top - 4}\" x2=\"{X(bound):0.#}\" y2=\"{Height}\"><title>lower bound: {DurationText.Measured(_record.LowerBound)} after the first batch began</title></line>"));
        }
    }

    private static string Style(BatchRecord batch) => batch switch
    {
        { Error: not null } => "died",
        { Reason: BatchReasons.Plan or BatchReasons.Early } => "plan",
        { Reason: BatchReasons.Tail } => "tail",
        _ => "again",
    };

    /// <summary>About ten ticks, at 1, 2 or 5 times a power of ten.</summary>
    private static double Step(double seconds)
    {
        var rough = seconds / 10;
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        return (rough / magnitude) switch
        {
            <= 1 => magnitude,
            <= 2 => 2 * magnitude,
            <= 5 => 5 * magnitude,
            _ => 10 * magnitude,
        };
    }

    private double Seconds(DateTimeOffset time) => (time - _record.StartedAt).TotalSeconds;

    private double X(double seconds) => _left + (Math.Clamp(seconds / _seconds, 0, 1) * (Right - _left));

    private int Y(int worker) => Top + (_workers.IndexOf(worker) * RowHeight);
}
