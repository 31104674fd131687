using System.Globalization;
using ConcurrentTesting.Benchmarks.Soak;

// Many results through eight workers while something dies every few seconds. Nothing may be lost, doubled or left:
//   dotnet run --project tests/benchmarks/Soak -- [results, 100000] [seconds between faults, 5]
var results = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
var interval = TimeSpan.FromSeconds(args.Length > 1 ? double.Parse(args[1], CultureInfo.InvariantCulture) : 5);

await using var server = await PostgreSqlServer.StartAsync();
using var run = SoakRun.Start(results, server.ConnectionString);
var faults = new FaultInjector(run, server, seed: 1);
await faults.InjectAsync(interval);
var outcome = await run.EndAsync();

var left = await server.OwnDatabasesAsync();
Console.WriteLine(string.Join('\n', run.Lines.TakeLast(2)));
foreach (var (fault, count) in faults.Injected)
    Console.WriteLine($"{count,6} {fault}");
Console.WriteLine($"asked {results} and {SoakRun.UnknownRowsOfAll} of unknown number, reported {outcome.Reported}, lost {outcome.Lost}, never begun after a time-out {outcome.NotBegun}, doubled {outcome.Doubled}, timed out {outcome.TimedOut}, not passed otherwise {outcome.NotPassed.Count}");
Console.WriteLine($"leaked: {left} databases, {run.Processes().Count} processes; the engine's peak {run.PeakBytes / 1_000_000} MB; {outcome.Duration.TotalSeconds:0} s");

// Where hardly anything died, nothing was proven.
const int FewestFaults = 3;
if (faults.Injected.Values.Sum() < FewestFaults)
{
    Console.WriteLine($"fewer than {FewestFaults} faults: the run was over too soon");
    return 1;
}

// Who was running in a host that stopped for ever has timed out, and nobody else.
var isTrue = outcome.TimedOut <= faults.Injected.GetValueOrDefault(FaultInjector.Stopped);
if (isTrue && outcome.Lost + outcome.Doubled + outcome.NotPassed.Count + left + run.Processes().Count == 0)
    return 0;

Console.WriteLine(string.Join('\n', outcome.NotPassed.Take(20)));
return 1;
