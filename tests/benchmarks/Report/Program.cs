using System.Globalization;
using ConcurrentTesting.Benchmarks.Report;

// How fast reports of large runs open in Chromium, how smoothly their timeline moves, and how large they are. Arguments: rounds (5).
//   ./build.sh Prepare && dotnet run -c Release --project tests/benchmarks/Report -- 5
var rounds = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5;
var isGood = true;
Console.WriteLine("| run | rounds | size | opens in | held to | frame, 95 % within | held to | |");
Console.WriteLine("|---|---|---|---|---|---|---|---|");
foreach (var scenario in ReportScenario.All)
{
    var measured = await scenario.MeasureAsync(rounds);
    isGood &= measured.IsGood;
    Console.WriteLine(measured.Row);
}

return isGood ? 0 : 1;
