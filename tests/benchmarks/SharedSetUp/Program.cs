using ConcurrentTesting.Benchmarks.SharedSetUp;

// The suites in tests/shared-setup, one after another by `dotnet test --no-build`, then by eight workers without and with timings, in the same minutes: they
// have to pass in all three, and the workers have to be three and four times as fast. Arguments: workers, seconds of each suite in sequence, suites ("each": one at a time).
//   ./build.sh Compile && dotnet run --project tests/benchmarks/SharedSetUp -- 8 40 all
var workers = args.Length > 0 ? int.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 8;
var seconds = args.Length > 1 ? double.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture) : 40;
string[] suites = ["Assembly", "Collection", "NUnit", "MSTest", "XUnit3"];
string[][] groups = (args.Length > 2 ? args[2] : "all") switch
{
    "all" => [suites],
    "each" => [.. suites.Select(suite => new[] { suite })],
    var named => [named.Split(',')],
};

var isGood = true;
foreach (var group in groups)
    isGood &= await new Comparison(group, workers, seconds).RunAsync();
return isGood ? 0 : 1;
