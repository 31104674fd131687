namespace ConcurrentTesting.Scheduling;

/// <summary>Predicts durations: the recorded one, else the mean of the test's class, else of all, else a guess.</summary>
internal static class Predictor
{
    // An unknown test is taken to cost this where nothing at all is known; only ratios matter then.
    private const double GuessSeconds = 0.1;

    // Even an empty test costs its messages.
    private const double LeastSeconds = 0.001;

    public static IReadOnlyDictionary<TestEntry, double> Predict(IReadOnlyCollection<TestEntry> entries, TimingStore timings, out int known)
    {
        var found = entries.Select(entry => (Entry: entry, Timing: timings.Find(entry))).ToArray();
        var recorded = found.Where(test => test.Timing is not null).ToArray();
        var all = Mean(recorded.Select(test => test.Timing!)) ?? GuessSeconds;
        var classes = recorded.GroupBy(test => ClassKey(test.Entry)).ToDictionary(
            group => group.Key, group => Mean(group.Select(test => test.Timing!))!.Value);
        known = recorded.Length;
        return found.ToDictionary(
            test => test.Entry,
            test => Math.Max(LeastSeconds, test.Timing?.Seconds ?? (classes.TryGetValue(ClassKey(test.Entry), out var mean) ? mean : all)));
    }

    private static (string, string) ClassKey(TestEntry entry) => (entry.Assembly.Key, entry.ClassName);

    private static double? Mean(IEnumerable<Timing> timings) =>
        timings.Select(timing => (double?)timing.Seconds).DefaultIfEmpty(null).Average();
}
