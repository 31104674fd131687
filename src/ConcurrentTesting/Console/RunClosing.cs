using ConcurrentTesting.Reports.History;
using ConcurrentTesting.Reports.Text;
using static System.FormattableString;

namespace ConcurrentTesting.Console;

/// <summary>What the console says of a run at its end.</summary>
internal static class RunClosing
{
    private const int MostListed = 20;
    private const int MostNames = 5;
    private const int LongestMessage = 200;
    private const int WorkersPerLine = 16;
    private const double WorthTelling = 0.1;

    /// <summary>Outcome, counts, time, workers, flaky and failed tests by name, and where the artifacts are. Of a run that only listed, no
    /// more than why it could not.</summary>
    public static ImmutableArray<string> Lines(RunRecord run, Redactor redactor)
    {
        // A build that fails has one line for each of its errors.
        var reason = PlainText.Escape(redactor.Redact(run.Reason)).Split('\n');
        ImmutableArray<string> outcome = [$"{Outcome(run.ExitCode)}  {reason[0]}", .. reason[1..]];
        if (run.Settings.List)
            return run.ExitCode == ConcurrentTestExitCode.Success ? [] : outcome;
        return [.. Details(run, redactor), .. outcome];
    }

    /// <summary>The two last lines: speed, efficiency and what cost it most, then <c>N passed, N failed, N skipped</c>.</summary>
    public static ImmutableArray<string> ClosingLines(RunRecord run, Redactor redactor) =>
        [run.Settings.List ? PlainText.OneLine(redactor.Redact(run.Reason)) : Speed(run) + Lost(run, redactor), Invariant($"{run.Passed} passed, {run.Failed} failed, {run.Skipped} skipped")];

    /// <summary>An artifact's path as the user reads it: relative to the repository's root where it is below it.</summary>
    public static string ArtifactPath(ConcurrentTestSettings settings, string file)
    {
        var path = Path.GetFullPath(Path.Combine(settings.ResultsDirectory, file), settings.RootDirectory);
        return StackTraceText.RelativePath(path, settings.RootDirectory);
    }

    private static ImmutableArray<string> Details(RunRecord run, Redactor redactor) =>
    [
        "Results",
        $"  Tests      {Counts(run)}",
        $"  Time       {Time(run)}",
        .. Workers(run),
        .. run.Coverage is { } coverage ? [$"  Coverage   {coverage.Text}"] : Array.Empty<string>(),
        .. run.Idle is { } idle ? [$"  Idle       {PlainText.OneLine(redactor.Redact(idle))}"] : Array.Empty<string>(),
        .. Failures(run, redactor),
        .. Listed("Unfinished", run.Unfinished, test => Invariant(
            $"{FailureText.Name(test, redactor)}  [{test.Assembly.Source}, worker {test.Final.Worker}]")),
        .. Repeated(run, redactor),
        .. Listed("Flaky", run.FlakyEntries, test => FlakyLine(test, redactor)),
        .. run.Settings.Benchmark ? [] : QueryLines.Of(run, redactor),
        .. Incidents(run),
        .. run.Incidents.Where(incident => IncidentKinds.IsOfSharing(incident.Kind)).Select(
            incident => $"  WARNING    {PlainText.OneLine(redactor.Redact(incident.Message))}"),
        .. run.Settings.Benchmark ? BenchmarkLines.Of(RunBenchmark.Of(run), redactor) : [],
        run.HasArtifacts
            ? $"  Artifacts  {ArtifactPath(run.Settings, "")}; begin with {ArtifactNames.Report}"
            : $"  Artifacts  only {ArtifactPath(run.Settings, ArtifactNames.Log)}; what the last run left beside it stays as it is",
    ];

    private static string Outcome(ConcurrentTestExitCode exitCode) => exitCode switch
    {
        ConcurrentTestExitCode.Success => "PASSED",
        ConcurrentTestExitCode.TestsFailed => "FAILED",
        ConcurrentTestExitCode.Cancelled => "CANCELLED",
        ConcurrentTestExitCode.Refused => "REFUSED",
        ConcurrentTestExitCode.BadSettings => "BAD SETTINGS",
        _ => "INCOMPLETE",
    };

    private static string Counts(RunRecord run)
    {
        var flaky = run.Flaky == 0 ? "" : Invariant($", {run.Flaky} flaky");
        var outside = run.OutsideEntries.Count(entry => !entry.IsFlaky) is > 0 and var count
            ? Invariant($" ({count} of them outside of tests)")
            : "";
        return Invariant($"{run.Passed} passed, {run.Failed} failed{outside}, {run.Skipped} skipped{flaky}; {Cases(run)}");
    }

    // These numbers make the line add up: rows that discovery could not tell apart, and tests that nobody asked for.
    private static string Cases(RunRecord run)
    {
        var results = run.Tests.Length - run.Explicit;
        var cases = results > run.Discovered
            ? $"{Quantity.Of(run.Discovered, "case")} gave {Quantity.Of(results, "result")}"
            : Invariant($"{run.Discovered} discovered");
        cases = run.LeftOut == 0 ? cases : Invariant($"{cases}, {run.LeftOut} left out (--test-budget)");
        return run.Explicit == 0 ? cases : $"{cases}, {Quantity.Of(run.Explicit, "explicit test")} did not run";
    }

    /// <summary>The wall time of all, and of what it was made up.</summary>
    private static string Time(RunRecord run)
    {
        var phases = RunPhases.Text(run) is { Length: > 0 } text ? $": {text}" : RunPhases.Factor(run);
        return $"{DurationText.Measured(run.Wall)}{phases}{Reports(run)}";
    }

    /// <summary>The wall time of all, how much faster than one after another the tests were, and how close to what was possible.</summary>
    private static string Speed(RunRecord run)
    {
        var wall = DurationText.Measured(run.Wall);
        if (run.Tests.IsEmpty)
            return wall;
        var factor = RunPhases.SpeedUp(run) is { } times ? Invariant($", tests {times:0.0}x") : "";
        var efficiency = run.Efficiency is { } share ? Invariant($", efficiency {share * 100:0}%") : "";
        return $"{wall}{factor}; {DurationText.Measured(run.TestTime)} of tests, lower bound {DurationText.Measured(run.LowerBound)}{efficiency}";
    }

    // The wall time ends where the reports begin, because the reports tell it too.
    private static string Reports(RunRecord run) =>
        run.Phases.TryGetValue(PhaseNames.Reports, out var seconds) && seconds >= WorthTelling
            ? $", then reports {DurationText.Measured(TimeSpan.FromSeconds(seconds))}"
            : "";

    private static string Lost(RunRecord run, Redactor redactor) =>
        run.Lost is { } cause ? $": {PlainText.OneLine(redactor.Redact(cause))}" : "";

    private static IEnumerable<string> Workers(RunRecord run)
    {
        if (run.Workers.IsEmpty)
            yield break;
        var busy = TimeSpan.FromTicks(run.Workers.Sum(worker => worker.Busy.Ticks));
        var idle = TimeSpan.FromTicks(run.Workers.Sum(worker => Math.Max(0, (worker.Duration - worker.Busy).Ticks)));
        var started = run.StartedWorkers.OrderBy(worker => worker.Number).ToList();
        var all = Invariant($"{started.Count}{(started.Count < run.Workers.Length ? $" of {run.Workers.Length} started" : "")}");
        yield return Invariant(
            $"  Workers    {all}, busy {DurationText.Measured(busy)}, idle {DurationText.Measured(idle)}");
        foreach (var row in started.Chunk(WorkersPerLine))
            yield return "             " + string.Join("  ", row.Select(worker => Invariant($"{worker.Number}:{BusyPercent(worker)}%")));
    }

    private static int BusyPercent(WorkerRecord worker) =>
        worker.Duration <= TimeSpan.Zero ? 0 : (int)Math.Round(Math.Clamp(worker.Busy / worker.Duration, 0, 1) * 100);

    private static IEnumerable<string> Listed(string what, IEnumerable<TestRecord> tests, Func<TestRecord, string> line)
    {
        var all = tests.ToList();
        for (var i = 0; i < Math.Min(all.Count, MostListed); i++)
            yield return (i == 0 ? $"  {what,-10} " : "             ") + line(all[i]);
        if (all.Count > MostListed)
            yield return Invariant($"             ... and {all.Count - MostListed} more");
    }

    /// <summary>A line a failure or a cluster of them; what tests say themselves comes first, so that no cut hides it behind what never
    /// ran.</summary>
    private static IEnumerable<string> Failures(RunRecord run, Redactor redactor)
    {
        var clusters = FailureCluster.Of(run.FailedEntries);
        var shown = clusters.Take(MostListed).ToList();
        for (var i = 0; i < shown.Count; i++)
        {
            var head = i > 0 && shown[i - 1].Kind == shown[i].Kind ? "" : Capital(FailureKinds.Text(shown[i].Kind));
            yield return $"  {head,-10} {FailureLine(shown[i], run, redactor)}";
            if (shown[i].IsMany)
                yield return $"               {Names(shown[i], redactor)}";
        }

        foreach (var left in clusters.Skip(MostListed).GroupBy(cluster => cluster.Kind))
            yield return Invariant($"             ... and {left.Sum(cluster => cluster.Tests.Length)} more: {FailureKinds.Text(left.Key)}");
    }

    private static string Capital(string text) => char.ToUpperInvariant(text[0]) + text[1..];

    private static string FailureLine(FailureCluster cluster, RunRecord run, Redactor redactor) => cluster.IsMany
        ? Invariant(
            $"{cluster.Tests.Length} × {PlainText.Cap(PlainText.OneLine(redactor.Redact(FirstLine.Of(cluster.First.Final.Message))), LongestMessage)}")
        : FailedLine(cluster.First, run, redactor);

    private static string Names(FailureCluster cluster, Redactor redactor)
    {
        var left = cluster.Tests.Length - MostNames;
        return string.Join(
            ", ", cluster.Tests.Take(MostNames).Select(test => FailureText.Name(test, redactor))) + (left > 0
                ? Invariant($" and {left} more")
                : "");
    }

    private static string FailedLine(TestRecord test, RunRecord run, Redactor redactor)
    {
        var place = FailureLocation.Of(test, run.Settings.RootDirectory) is { } known
            ? $"  {PlainText.OneLine(redactor.Redact(known))}"
            : "";
        var since = HistoryFindings.OfFailure(run, test) is { } text ? $"  ({text})" : "";
        return $"{FailureText.Name(test, redactor)}  [{test.Assembly.Source}]{place}{since}";
    }

    /// <summary>How the tests did that were to run several times: all of them together, and each that failed.</summary>
    private static IEnumerable<string> Repeated(RunRecord run, Redactor redactor)
    {
        if (RepeatTotal.Of(run.Tests) is not { } total)
            yield break;
        var failed = RepeatTotal.Worst(run.Tests).Where(test => test.Repeats!.Value.Failed > 0).ToList();
        yield return Invariant($"  Repeated   {Quantity.Of(total.Tests, "test")} in {total.Runs:N0} runs, {total.Failed:N0} of which failed");
        foreach (var test in failed.Take(MostListed))
            yield return $"             {FailureText.Name(test, redactor)}  [{test.Assembly.Source}] {test.Repeats!.Value.Text}";
        if (failed.Count > MostListed)
            yield return Invariant($"             ... and {failed.Count - MostListed} more");
    }

    private static string FlakyLine(TestRecord test, Redactor redactor) =>
        Invariant($"{FailureText.Name(test, redactor)}  [{test.Assembly.Source}] passed on attempt {test.Final.Number}{(test.KnownFlaky is { } known ? Invariant($", known flaky, in {known.Runs} of {known.OfRuns} runs") : "")}");

    private static IEnumerable<string> Incidents(RunRecord run)
    {
        if (run.Incidents.IsEmpty)
            yield break;
        var kinds = run.Incidents.GroupBy(incident => incident.Kind).OrderByDescending(kind => kind.Count()).Select(
            kind => Invariant($"{kind.Count()} {kind.Key}"));
        yield return $"  Incidents  {string.Join(", ", kinds)}";
    }
}
