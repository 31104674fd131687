using System.Text.Json;
using ConcurrentTesting.Benchmarks.Suites;

namespace ConcurrentTesting.Benchmarks.Samples;

/// <summary>Runs of the samples one way, in a folder of their own that knows how long tests take.</summary>
internal sealed class SampleRuns
{
    public static readonly string[] Suites = ["XUnit2", "XUnit3", "NUnit", "MSTest"];

    // A run that compiles ends before all is done, and the next one goes on.
    private const int MostRunsBefore = 12;

    private static readonly string Samples = Path.Combine(EarlierEngine.Root, "tests", "samples");

    private readonly string _folder;

    public SampleRuns(Way way, string folder)
    {
        Way = way;
        _folder = Path.Combine(folder, Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(Path.Combine(_folder, ".nuke", "temp"));
    }

    public Way Way { get; }

    private string Results => Path.Combine(_folder, "artifacts", "test-results");

    /// <summary>What tests took in the last run, as every engine reads it.</summary>
    public string Durations()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Results, "run.json")));
        return JsonSerializer.Serialize(document.RootElement.GetProperty("tests").EnumerateArray()
            .GroupBy(test => $"{test.GetProperty("class").GetString()}.{test.GetProperty("name").GetString()}")
            .ToDictionary(tests => tests.Key, tests => tests.Sum(test => test.GetProperty("seconds").GetDouble())));
    }

    public void Know(string durations) => File.WriteAllText(Path.Combine(_folder, ".nuke", "temp", "test-timings.json"), durations);

    /// <summary>Runs until what the way waits for has happened.</summary>
    public async Task PrepareAsync()
    {
        for (var run = 0; Way.Until is { } until; run++)
        {
            if (run == MostRunsBefore)
                throw new InvalidOperationException($"After {run} runs no log of {Way.Name} has {until}.");
            await RunAsync();
            if (File.ReadAllText(Path.Combine(Results, "run.log")).Split(until.Text).Length > until.Times)
                return;
        }
    }

    public async Task<MeasuredCommand> RunAsync()
    {
        var run = await MeasuredCommand.RunAsync(
            _folder, Way.Environment,
            [
                Way.Build, "ConcurrentTest", "--root", _folder, "--test-no-build", "--workers", "8", "--verbosity", "verbose",
                "--test-database", "sqlite", "--test-template", Path.Combine(Samples, "Lending", "schema", "sqlite"), .. Way.Arguments,
                "--test-projects", .. Suites.Select(suite => Path.Combine(Samples, $"Lending.{suite}.Tests", "bin", "Debug", "net10.0", $"Lending.{suite}.Tests.dll")),
            ]);
        if (run.ExitCode != 0)
            throw new InvalidOperationException($"{Way.Name} ended with {run.ExitCode}: {run.Output}");
        return run;
    }

    /// <summary>How many tests the last run reports as passed.</summary>
    public int Passed()
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Results, "run.json")));
        return document.RootElement.GetProperty("tests").EnumerateArray().Count(test => test.GetProperty("outcome").GetString() == "Passed");
    }
}
