namespace ConcurrentTesting.Reports.Text;

/// <summary>The phases of a run in words: what came before the tests, and how much faster than one after another the tests were.</summary>
internal static class RunPhases
{
    // A shorter phase is not worth a word.
    private const double Shown = 0.1;

    private static readonly (string Phase, string Name)[] Order =
        [(PhaseNames.Build, "build"), (PhaseNames.Discovery, "discovery"), (PhaseNames.Template, "template"), (PhaseNames.Tests, "tests"),
            (PhaseNames.Coverage, "coverage")];

    /// <summary>The tests' own time over that of their phase, or over the wall time where no phase was measured; null where nothing
    /// ran.</summary>
    public static double? SpeedUp(RunRecord record)
    {
        var phase = record.Phases.TryGetValue(PhaseNames.Tests, out var seconds) ? TimeSpan.FromSeconds(seconds) : record.Wall;
        return phase > TimeSpan.Zero && record.TestTime > TimeSpan.Zero ? record.TestTime / phase : null;
    }

    /// <summary><c>build 4.20s, discovery 4.40s, tests 42.7s (2.2x)</c>; empty where no phase was measured.</summary>
    public static string Text(RunRecord record) => string.Join(", ", Order
        .Where(part => record.Phases.TryGetValue(part.Phase, out var seconds) && (seconds >= Shown || part.Phase == PhaseNames.Tests))
        .Select(part =>
            $"{part.Name} {DurationText.Measured(TimeSpan.FromSeconds(record.Phases[part.Phase]))}{(part.Phase == PhaseNames.Tests ? Factor(record) : "")}"));

    /// <summary><c> (2.2x)</c>, or nothing.</summary>
    public static string Factor(RunRecord record) =>
        SpeedUp(record) is { } factor ? string.Create(CultureInfo.InvariantCulture, $" ({factor:0.0}x)") : "";
}
