using ConcurrentTesting.Benchmarks.Suites;

// Suites that are made for it, by `dotnet test --no-build` and by workers, in turn in the same minutes: wall time, CPU seconds of all processes below (a database server is
// not among them), and whether each keeps to what it is held to; with `counts`, by 1, 2, 4 and 8 workers instead. Arguments: rounds (1), counts, parts of the names of the
// scenarios to run (all).
//   ./build.sh Benchmark
var rounds = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 1;
var isCounting = args.Length > 1 && args[1] == "counts";
var parts = args.Skip(isCounting ? 2 : 1).ToList();
var isGood = true;
Console.WriteLine(isCounting ? WorkerCounts.Header : Comparison.Header);
foreach (var scenario in Scenarios.Named(parts).Where(scenario => scenario.IsCounted || !isCounting))
    isGood &= await SuiteRuns.IsKeptAsync(scenario, rounds, isCounting);
return isGood ? 0 : 1;
