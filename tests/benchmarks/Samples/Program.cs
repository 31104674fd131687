using System.Globalization;
using ConcurrentTesting.Benchmarks.Samples;

// The sample suites on eight workers with timings, several ways in turn in the same minutes: wall time and CPU seconds of all processes. Arguments: which ways, rounds (5),
// parts of the names of the ways to compare (all).
//   before     this engine beside that of the last commit that started a test host for each batch; fails where it is not twice as fast
//   ahead      without and with --test-ahead-of-time auto
//   settings   settings of the .NET runtime for the processes that run tests
//   dotnet run -c Release --project tests/benchmarks/Samples -- before 3
var which = args.Length > 0 ? args[0] : "before";
var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 5;
if (which == "before" && !await EarlierEngine.IsInCloneAsync())
{
    Console.WriteLine($"Not measured: this clone has no commit {EarlierEngine.Commit}. git fetch --unshallow brings it.");
    return 0;
}

await using var earlier = which == "before" ? await EarlierEngine.BuildAsync() : null;
var comparison = await WaysInTurn.CompareAsync(which, earlier, rounds, args.Skip(2).ToList());
return earlier is null || comparison.Keeps(EarlierEngine.LeastTimesFaster) ? 0 : 1;
