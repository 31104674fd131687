using System.Diagnostics;
using System.Globalization;
using ConcurrentTesting.Benchmarks.Planning;

// What the plan is worth, by a simulation of suites whose recorded timings are wrong by up to three times and lack a fifth of the tests, and what planning, accounting
// and reports take where tests are many. Argument: tests of the second (100,000).
//   dotnet run -c Release --project tests/benchmarks/Planning
const int Workers = 8;
const double MedianBound = 1.10;
const double WorstBound = 1.25;
const double SecondsBound = 5;
const double MegabytesBound = 500;
int[] sizes = [100, 200, 400, 800, 1_500, 3_000, 5_000, 8_000, 12_000, 20_000, 35_000, 50_000];

var many = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
using var scale = new Scale(many, Workers);
var (plan, accounting, reports) = await scale.RunAsync();
using var process = Process.GetCurrentProcess();
var megabytes = process.PeakWorkingSet64 / 1048576.0;
Console.WriteLine(FormattableString.Invariant(
    $"{many:N0} tests: plan {plan:0.00} s, accounting and journal {accounting:0.00} s, reports {reports:0.00} s: {plan + accounting + reports:0.00} s (at most {SecondsBound} s), {megabytes:0} MB at most at once (at most {MegabytesBound} MB)"));

Console.WriteLine($"| tests | lower bound s | pulled by {Workers} workers | longest first, not moved |");
Console.WriteLine("|---|---|---|---|");
var (pulled, fixedly) = (new List<double>(), new List<double>());
foreach (var (tests, seed) in sizes.Select((tests, index) => (tests, index + 1)))
{
    var simulation = new Simulation(await SimulatedSuite.MakeAsync(tests, seed), Workers);
    pulled.Add(await simulation.PulledAsync() / simulation.LowerBoundSeconds);
    fixedly.Add(simulation.Static() / simulation.LowerBoundSeconds);
    Console.WriteLine(FormattableString.Invariant($"| {tests:N0} | {simulation.LowerBoundSeconds:0.0} | {pulled[^1]:0.000}x | {fixedly[^1]:0.000}x |"));
}

Console.WriteLine(FormattableString.Invariant(
    $"of the lower bound: median {Median(pulled):0.000}x (at most {MedianBound}x), worst {pulled.Max():0.000}x (at most {WorstBound}x); not moved {Median(fixedly):0.000}x and {fixedly.Max():0.000}x"));
return Median(pulled) <= MedianBound && pulled.Max() <= WorstBound && plan + accounting + reports <= SecondsBound && megabytes <= MegabytesBound ? 0 : 1;

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToList();
    return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
}
