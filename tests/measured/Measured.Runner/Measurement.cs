using System.Text.Json;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Execution;
using ConcurrentTesting.Record;
using ConcurrentTesting.VsTest;
using Microsoft.VisualStudio.TestPlatform.ObjectModel;

namespace Measured.Runner;

/// <summary>Runs a suite batch after batch and prints, for each, what was measured; and the test processes as they come and go.</summary>
internal static class Measurement
{
    public static async Task RunAsync(TestAssembly assembly, string mode, int batches)
    {
        await using var suite = await SuiteSession.StartAsync(assembly, measure: mode == "measure");
        var announced = new HashSet<string>();
        for (var batch = 1; batch <= batches; batch++)
        {
            var number = batch;
            var handler = await suite.RunAsync(suite.Entries.Values, number, hooked: mode != "off", () => Announce(suite.Hooks.ProcessIds(number), announced));
            Print(suite, handler.Results, await suite.Hooks.CollectAsync(number, default), handler.IsAborted);
        }
    }

    private static void Announce(IEnumerable<HookedProcess> processes, HashSet<string> announced)
    {
        var lines = processes.Select(process => $"process {process.Id} {process.Role} {(process.IsAlive ? "alive" : process.EndedByItself ? "ended" : "dead")}");
        foreach (var line in lines.Where(announced.Add))
            Console.WriteLine(line);
    }

    private static void Print(SuiteSession suite, List<TestResult> results, BatchFigures figures, bool isAborted)
    {
        var occurrences = new Dictionary<(object, string), int>();
        var rows = results.ConvertAll(result =>
        {
            var entry = suite.Entries[result.TestCase.Id];
            var name = HostAttempt.NameOf(entry, ResultReader.Read(result, entry.Assembly.Framework));
            var found = figures.Find(entry, name, Count(entry, name), Count(entry.ClassName, name));
            return new { entry.ClassName, Name = name, Outcome = result.Outcome.ToString(), Figures = found };
        });
        Console.WriteLine(JsonSerializer.Serialize(new
        {
            IsAborted = isAborted,
            Rows = rows,
            figures.Outside.Fixtures,
            figures.Outside.NoTest,
            figures.Total,
            figures.NotMeasured,
        }));

        int Count(object within, string name) => occurrences[(within, name)] = occurrences.GetValueOrDefault((within, name), -1) + 1;
    }
}
