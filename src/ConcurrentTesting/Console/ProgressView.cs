using ConcurrentTesting.Console.Terminal;
using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Console;

/// <summary>A run's progress in words: as the live block of a terminal, or as one plain line.</summary>
internal static class ProgressView
{
    private const int LongestBar = 30;
    private const int ShortestBar = 10;
    private const int ClockColumns = 8;
    private static readonly TimeSpan WorthNaming = TimeSpan.FromSeconds(10);

    // A terminal with fewer rows has none to give for the empty line.
    private const int FewRows = 6;

    /// <summary>The live block for a terminal of this size: a line for the run, one a worker, and less than the terminal's height. It
    /// begins with an empty line, where the cursor rests: what others print, or a person types, lands there and not in the middle of the
    /// block.</summary>
    public static IReadOnlyList<string> Block(ProgressSnapshot progress, (int Columns, int Rows) size, bool hasColours)
    {
        var canvas = new BlockCanvas(size.Columns, hasColours);
        if (progress.Phases.IsEmpty)
            return canvas.Lines;
        if (size.Rows >= FewRows)
            canvas.EndLine();
        AddRun(canvas, progress);
        if (progress.IsTesting)
            AddWorkers(canvas, progress, Math.Max(1, size.Rows * 2 / 3) - canvas.Lines.Count);
        return canvas.Lines;
    }

    /// <summary>The run's progress as one plain line.</summary>
    public static string Line(ProgressSnapshot progress)
    {
        if (!progress.IsTesting)
            return $"{string.Join(", ", progress.Phases.Select(Activity))}: {DurationText.Whole(progress.Elapsed)} elapsed";
        var done = IsPlanned(progress)
            ? Invariant($"{progress.Done}/{progress.Total} {What(progress)} ({progress.Percent}%), {progress.Failed} failed")
            : Invariant($"{Quantity.Of(progress.Done, "test")} done while discovery goes on, {progress.Failed} failed");
        var unsure = string.Concat(Count(progress.Flaky, "flaky"), Count(progress.RunAgain, "run again"));
        var left = progress.Left is null ? "" : $", about {DurationText.Whole(Rounded(progress.Left.Value))} left";
        return $"Progress: {done}{unsure}, {DurationText.Whole(progress.Elapsed)} elapsed{left}{Longest(progress)}";
    }

    // A reader who waits wants to know which test the run waits for.
    private static string Longest(ProgressSnapshot progress)
    {
        var longest = progress.Workers.Where(worker => worker is { Test: not null, HasResult: false })
            .OrderByDescending(worker => worker.Since).FirstOrDefault();
        return longest.Test is null
            || longest.Since < WorthNaming ? "" : $"; {progress.Redact(ShortName(longest.Test))} for {DurationText.Whole(longest.Since)}";
    }

    /// <summary>A test as the block shows it: without namespace, which would only push the rest out of sight.</summary>
    public static string ShortName(TestStarted test)
    {
        var className = test.ClassName[(test.ClassName.LastIndexOf('.') + 1)..];
        return PlainText.OneLine($"{className}.{test.Name}");
    }

    // The first tests run while others are being discovered, and the number of tests is not known until discovery ends.
    private static bool IsPlanned(ProgressSnapshot progress) => progress.Planned > 0;

    private static string What(ProgressSnapshot progress) =>
        progress.Total == progress.Planned ? "tests" : $"results of {Quantity.Of(progress.Planned, "case")}";

    private static string Count(int count, string what) => count == 0 ? "" : Invariant($", {count} {what}");

    private static void AddRun(BlockCanvas canvas, ProgressSnapshot progress)
    {
        if (!progress.IsTesting)
        {
            canvas.Add("  ").Add(string.Join(", ", progress.Phases.Select(Activity)), TextStyle.Strong)
                .Add($"  {DurationText.Whole(progress.Elapsed)}").EndLine();
            return;
        }

        var counts = Counts(progress, hasCases: true).ToList();
        if (BarLength(canvas, counts) < ShortestBar)
            counts = [.. Counts(progress, hasCases: false)];
        AddBar(canvas, progress, BarLength(canvas, counts));
        foreach (var (text, style) in counts)
            canvas.Add(text, style);
        canvas.EndLine();
    }

    private static IEnumerable<(string Text, TextStyle Style)> Counts(ProgressSnapshot progress, bool hasCases)
    {
        yield return (IsPlanned(progress)
            ? Invariant($"{progress.Done}/{progress.Total}")
            : $"{Quantity.Of(progress.Done, "test")} done while discovery goes on", TextStyle.Strong);
        if (hasCases && IsPlanned(progress) && progress.Total != progress.Planned)
            yield return ($" of {Quantity.Of(progress.Planned, "case")}", TextStyle.Dim);
        if (progress.Failed > 0)
            yield return (Invariant($"  {progress.Failed} failed"), TextStyle.Bad);
        if (progress.Flaky > 0)
            yield return (Invariant($"  {progress.Flaky} flaky"), TextStyle.Unsure);
        if (progress.RunAgain > 0)
            yield return (Invariant($"  {progress.RunAgain} run again"), TextStyle.Unsure);
        yield return ($"  {Clock(progress)}", TextStyle.Dim);
    }

    /// <summary>A phase as people read it; the phase itself where it has no words of its own.</summary>
    public static string Activity(string phase) => phase switch
    {
        PhaseNames.Build => "Building",
        PhaseNames.Discovery => "Discovering tests",
        PhaseNames.Template => "Preparing databases",
        PhaseNames.Reports => "Writing reports",
        _ => phase,
    };

    private static string Clock(ProgressSnapshot progress) => progress.Left is { } left
        ? $"{DurationText.Whole(progress.Elapsed)}, about {DurationText.Whole(Rounded(left))} left"
        : DurationText.Whole(progress.Elapsed);

    // An estimate of minutes that ticks in seconds pretends to know more than it does. "0s left" is never shown while something is left.
    private static TimeSpan Rounded(TimeSpan left)
    {
        var step = left.TotalSeconds switch { < 60 => 1, < 600 => 5, _ => 60 };
        return TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(left.TotalSeconds / step) * step));
    }

    private static int BarLength(BlockCanvas canvas, List<(string Text, TextStyle Style)> counts) =>
        Math.Min(LongestBar, canvas.Left - counts.Sum(part => part.Text.Length) - "  100% [] ".Length);

    // The bar takes what the counts leave, and gives way where that is too little.
    private static void AddBar(BlockCanvas canvas, ProgressSnapshot progress, int length)
    {
        canvas.Add("  ");
        if (!IsPlanned(progress))
            return;
        if (length < ShortestBar)
        {
            canvas.Add(Invariant($"{progress.Percent,3}%  "));
            return;
        }

        var filled = (int)((long)length * progress.Done / Math.Max(1, progress.Total));
        var bar = filled == length ? new string('=', length) : new string('=', filled) + '>';
        canvas.Add(Invariant($"{progress.Percent,3}% ")).Add("[", TextStyle.Dim)
            .Add(bar.PadRight(length), progress.Failed > 0 ? TextStyle.Bad : TextStyle.Good).Add("] ", TextStyle.Dim);
    }

    private static int Digits(int number) => number.ToString(CultureInfo.InvariantCulture).Length;

    private static void AddWorkers(BlockCanvas canvas, ProgressSnapshot progress, int rows)
    {
        var digits = Digits(Math.Max(0, progress.Workers.Length - 1));
        if (progress.Workers.Length <= rows)
        {
            foreach (var worker in progress.Workers)
                AddWorker(canvas, worker, digits, progress.Redact);
            return;
        }

        // With more workers than rows, those are shown that have been at their test the longest, and the rest is counted.
        var busy = progress.Workers.Where(worker => worker.Test is not null).OrderByDescending(worker => worker.Since).ToList();
        foreach (var worker in busy.Take(rows - 1))
            AddWorker(canvas, worker, digits, progress.Redact);
        if (rows < 1)
            return;
        var shown = Math.Min(busy.Count, rows - 1);
        canvas.Add(Invariant($"  and {busy.Count - shown} more running, {progress.Workers.Length - busy.Count} waiting"), TextStyle.Dim)
            .EndLine();
    }

    private static void AddWorker(BlockCanvas canvas, WorkerProgress worker, int digits, Func<string, string> redact)
    {
        canvas.Add($"  {worker.Worker.ToString(CultureInfo.InvariantCulture).PadLeft(digits)}", TextStyle.Dim);
        if (worker.Test is null)
        {
            canvas.Add(new string(' ', ClockColumns)).Add("  waiting", TextStyle.Dim).EndLine();
            return;
        }

        // A clock that changes ten times in the first second is not worth showing.
        var clock = worker.Since >= TimeSpan.FromSeconds(1) ? DurationText.Whole(worker.Since) : "";
        var (mark, style) = worker.Since >= TimeSpan.FromSeconds(30) ? ("!", TextStyle.Unsure) : ("", TextStyle.Plain);
        canvas.Add($"{mark}{clock}".PadLeft(ClockColumns), style).Add("  ");
        if (worker.HasResult && worker.Since >= TimeSpan.FromSeconds(1))
            canvas.Add("after ", TextStyle.Dim);
        canvas.Add(redact(ShortName(worker.Test))).EndLine();
    }
}
