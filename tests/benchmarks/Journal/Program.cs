using System.Globalization;
using ConcurrentTesting.Benchmarks.Journal;

// What the journal costs a test, and a live page that somebody watches: the same events are recorded without either and with each, in turn. Arguments: tests, rounds.
//   dotnet run -c Release --project tests/benchmarks/Journal -- 100000 15
const double Bound = 0.02;
var tests = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 100_000;
var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 15;

using var benchmark = new JournalBenchmark(tests);
benchmark.Warm();
var measured = Enumerable.Range(0, rounds).Select(_ => (Without: benchmark.Run(isWritten: false), With: benchmark.Run(isWritten: true), Watched: benchmark.Run(isWritten: false, isWatched: true))).ToList();

var without = Median(measured.Select(round => round.Without));
var with = Median(measured.Select(round => round.With));
var cost = Median(measured.Select(round => round.With - round.Without));
Console.WriteLine(FormattableString.Invariant($"{tests:N0} tests, {rounds} rounds, {benchmark.BytesPerTest:N0} bytes a test"));
Console.WriteLine(FormattableString.Invariant($"without a journal {without:0.0000} ms a test, with one {with:0.0000} ms: {with / without:0.00} times"));
Console.WriteLine(FormattableString.Invariant($"the journal costs {cost:0.0000} ms a test (median of the rounds; at most {Bound} ms)"));
var watching = Median(measured.Select(round => round.Watched - round.Without));
Console.WriteLine(FormattableString.Invariant($"a live page that is watched costs {watching:0.0000} ms a test (at most {Bound} ms)"));
return cost < Bound && watching < Bound ? 0 : 1;

static double Median(IEnumerable<double> values)
{
    var sorted = values.Order().ToList();
    return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
}
