using System.Globalization;

namespace ConcurrentTesting.Benchmarks.Databases;

/// <summary>A table for people, and the verdict on the targets.</summary>
internal sealed class Report(TextWriter output)
{
    private readonly List<string> _missed = [];

    public void Begin(int rounds)
    {
        Write($"Medians of {rounds} interleaved rounds in milliseconds, in brackets what the middle half lies between; a ratio is to the median beside it.");
        Write($"");
        Write($"| engine | what | median | beside it | ratio | target |");
        Write($"|---|---|---|---|---|---|");
    }

    /// <param name="most">The largest ratio that reaches the target; null: there is none.</param>
    public void Ratio(string engine, string what, Samples samples, string beside, Samples other, double? most = null)
    {
        var ratio = samples.Median / other.Median;
        Write($"| {engine} | {what} | {Text(samples)} | {beside} {Text(other)} | {ratio:0.00} | {Target(engine, what, ratio, most, most is null ? "" : $"{most:0.##}x")} |");
    }

    /// <param name="most">Milliseconds that reach the target; null: there is none.</param>
    public void Time(string engine, string what, Samples samples, double? most = null) =>
        Write($"| {engine} | {what} | {Text(samples)} | | | {Target(engine, what, samples.Median, most, most is null ? "" : $"{most:0} ms")} |");

    /// <returns>The exit code.</returns>
    public int End()
    {
        Write($"");
        Write($"{(_missed.Count == 0 ? "All targets are reached." : "Missed: " + string.Join("; ", _missed))}");
        return _missed.Count == 0 ? 0 : 1;
    }

    private string Target(string engine, string what, double value, double? most, string text)
    {
        if (most is null)
            return "";
        if (value <= most)
            return $"at most {text}: reached";
        _missed.Add($"{engine}, {what}");
        return $"at most {text}: MISSED";
    }

    private static string Text(Samples samples) =>
        string.Create(CultureInfo.InvariantCulture, $"{samples.Median:0.0} [{samples.Spread.Low:0.0} to {samples.Spread.High:0.0}]");

    private void Write(FormattableString line) => output.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
