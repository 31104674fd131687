using System.Diagnostics;
using System.Text.RegularExpressions;

namespace ConcurrentTesting.Benchmarks.Overhead;

/// <summary>
/// What measuring costs a whole run, as the share of its samples in which measuring is on the stack. Two runs cannot be compared that well: a machine's speed changes by
/// more than measuring costs. What the runtime compiles in the background is not seen, nor what is written of figures in reports. On Linux, with perf, as root.
/// </summary>
internal sealed partial class SampledRun
{
    private static readonly string[] NotOfTheRun = ["swapper", "perf", "postgres"];

    private const string OfTheEngine = "[ConcurrentTesting] ConcurrentTesting.";

    private static readonly (string Part, Func<List<string>, bool> IsIn)[] Parts =
    [
        ("hook", stack => stack.Exists(Hook().IsMatch)),
        ("VSTest's events", stack => stack.Exists(Events().IsMatch)),
        ("driver's activities", stack => stack.Exists(Activities().IsMatch)),
        ("xunit's events", stack => stack.Exists(XUnit().IsMatch)),

        // What goes on after it was awaited has it on the stack too.
        ("engine", stack => stack.Find(frame => frame.Contains(OfTheEngine, StringComparison.Ordinal)) is { } innermost && Engine().IsMatch(innermost)),
    ];

    private readonly Dictionary<string, int> _counts = [];
    private readonly List<string> _stack = [];
    private bool _isOfTheRun;
    private int _samples;

    /// <summary>The shares, the whole first, in the order of <see cref="PartNames"/>.</summary>
    public static async Task<IReadOnlyList<double>> RunAsync(ProcessStartInfo run)
    {
        var data = Path.GetTempFileName();
        try
        {
            await ProfileAsync(run, data);
            var sampled = new SampledRun();
            await sampled.ReadAsync(data);
            return [.. new[] { sampled._counts.Values.Sum() }.Concat(Parts.Select(part => sampled._counts.GetValueOrDefault(part.Part))).Select(count => (double)count / sampled._samples)];
        }
        finally
        {
            File.Delete(data);
        }
    }

    public static IEnumerable<string> PartNames => Parts.Select(part => part.Part);

    private static async Task ProfileAsync(ProcessStartInfo run, string data)
    {
        var perf = new ProcessStartInfo("perf", ["record", "-a", "-F", "1999", "-e", "cpu-clock", "-g", "-o", data, "--", run.FileName, .. run.ArgumentList])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in run.Environment)
            perf.Environment[name] = value;
        perf.Environment["DOTNET_PerfMapEnabled"] = "1";
        perf.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        using var process = Process.Start(perf)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(output + await errors);
    }

    private async Task ReadAsync(string data)
    {
        using var script = Process.Start(new ProcessStartInfo("perf", ["script", "-i", data, "-F", "comm,pid,ip,sym,dso"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        script.BeginErrorReadLine();
        while (await script.StandardOutput.ReadLineAsync() is { } line)
            Read(line);
        Finish();
        await script.WaitForExitAsync();
    }

    // A sample is a line that names the thread, its stack in lines that begin with a tab, and an empty line.
    private void Read(string line)
    {
        if (line.StartsWith('\t'))
            _stack.Add(line);
        else if (line.Length > 0)
            _isOfTheRun = !NotOfTheRun.Any(name => line.TrimStart().StartsWith(name, StringComparison.Ordinal));
        else
            Finish();
    }

    private void Finish()
    {
        if (_isOfTheRun)
        {
            _samples++;
            if (Array.Find(Parts, part => part.IsIn(_stack)).Part is { } found)
                _counts[found] = _counts.GetValueOrDefault(found) + 1;
        }

        _isOfTheRun = false;
        _stack.Clear();
    }

    [GeneratedRegex(@"ConcurrentTesting\.TestHook\]")]
    private static partial Regex Hook();

    [GeneratedRegex("InProcDataCollect|TestCaseEventsHandler::SendTest|InvokeStub_TestCaseCollector")]
    private static partial Regex Events();

    [GeneratedRegex(@"System\.Diagnostics\.Activity|NpgsqlActivitySource|NpgsqlCommand::TraceCommand")]
    private static partial Regex Activities();

    [GeneratedRegex("EventSource::WriteEvent")]
    private static partial Regex XUnit();

    [GeneratedRegex(@"ConcurrentTesting\.Metrics\.Measuring\.[^(]*::|ConcurrentTesting\.Record\.RunRecorder::Measure")]
    private static partial Regex Engine();
}
