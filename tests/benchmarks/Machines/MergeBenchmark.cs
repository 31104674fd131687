using System.Diagnostics;
using ConcurrentTesting.Tests.Run.Merging;
using Microsoft.Extensions.Logging.Abstractions;
using static System.FormattableString;

namespace ConcurrentTesting.Benchmarks.Machines;

/// <summary>The merge of many parts, in a process of its own, with its start.</summary>
internal static class MergeBenchmark
{
    public static async Task<Figure> MeasureAsync()
    {
        // Three tests a class.
        using var parts = new WrittenParts(parts: 50, classes: 50 * 2_000 / 3);
        parts.WriteAll();
        var start = new ProcessStartInfo("dotnet", [typeof(MergeBenchmark).Assembly.Location, "merge", parts.Parts]) { RedirectStandardOutput = true };

        // As build.sh does.
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        var watch = Stopwatch.StartNew();
        using var merge = Process.Start(start)!;
        var said = (await merge.StandardOutput.ReadToEndAsync()).Split(' ');
        await merge.WaitForExitAsync();
        var megabytes = long.Parse(said[1], System.Globalization.CultureInfo.InvariantCulture) >> 20;
        var isGood = merge.ExitCode == 0 && watch.Elapsed.TotalSeconds < 3 && megabytes < 300;
        return new Figure(Invariant($"{said[0]} tests in {watch.Elapsed.TotalSeconds:0.0} s, {megabytes} MB"), "3 s, 300 MB", isGood);
    }

    public static async Task<int> MergeAsync(string folder)
    {
        var root = Directory.CreateTempSubdirectory("merged-").FullName;
        var settings = new ConcurrentTestSettings { MergeFolders = [folder], ResultsDirectory = Path.Combine(root, "results"), TimingsFile = Path.Combine(root, "timings.json"), RootDirectory = root, WorkingDirectory = root };
        var result = await ConcurrentTestRun.MergeAsync(settings, NullLogger.Instance);
        using var self = Process.GetCurrentProcess();
        System.Console.WriteLine(Invariant($"{result.Passed} {self.PeakWorkingSet64}"));
        Directory.Delete(root, recursive: true);
        return (int)result.ExitCode;
    }
}
