using ConcurrentTesting.Benchmarks.Suites;

// Suites that are made for it, by `dotnet test --no-build` and by workers, in turn in the same minutes: wall time, CPU seconds of all processes, and whether
// each keeps to what it is held to. Arguments: rounds (1), parts of the names of the scenarios to run (all).
//   ./build.sh Benchmark
var rounds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 1;
var scenarios = Scenarios.All.Where(scenario => args.Length < 2 || args.Skip(1).Any(part => scenario.Name.Contains(part, StringComparison.OrdinalIgnoreCase)));
var isGood = true;
Console.WriteLine("| suite | workers | `dotnet test` s (CPU s) | first run s (CPU s) | with timings s (CPU s) | of `dotnet test` | held to | |");
Console.WriteLine("|---|---|---|---|---|---|---|---|");
foreach (var scenario in scenarios)
{
    using var suite = await GeneratedSuite.BuildAsync(scenario);
    var measured = await new Comparison(scenario, suite, rounds).RunAsync();
    isGood &= measured.IsGood;
    Console.WriteLine(measured.Row);
}

return isGood ? 0 : 1;
