using ConcurrentTesting.Benchmarks.Start;

// From the start of the process to the first test that runs, where nothing has changed since the last run, and whether it keeps to what it is held to.
// Arguments: rounds (7), parts of the names of the suites to start (all).
//   ./build.sh Benchmark
var rounds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 7;
var isGood = true;
Console.WriteLine("| first test of a warm run | median | from, to | held to less than | |\n|---|---|---|---|---|");
foreach (var scenario in StartScenario.All.Where(scenario => args.Length < 2 || args.Skip(1).Any(part => scenario.Name.Contains(part, StringComparison.OrdinalIgnoreCase))))
{
    using var suite = await StartSuite.BuildAsync(scenario);
    var measured = await new WarmStart(scenario, suite, rounds).RunAsync();
    isGood &= measured.IsGood;
    Console.WriteLine(measured.Row);
}

return isGood ? 0 : 1;
