using ConcurrentTesting.Benchmarks.Machines;
using ConcurrentTesting.IntegrationTests.Host;

// What several machines cost beside one, each a process whose tests only take their time. Arguments: parts of the names of what to measure (all but the soak).
//   ./build.sh Benchmark
if (args is ["machine", .. var machine])
    return await PlayedMachine.RunAsync(machine);
if (args is ["warm", .. var warm])
    return await PlayedMachine.RunAsync([warm[0], $"{warm[1]} warm {warm[2]}", .. warm[2..]]) == 0 ? await PlayedMachine.RunAsync(warm) : 1;
if (args is ["merge", var folder])
    return await MergeBenchmark.MergeAsync(folder);

(string Name, Func<Task<Figure>> Measure)[] all =
[
    ("claim and acknowledge", QueueBenchmark.LatencyAsync),
    ("four machines of two workers beside one of eight", QueueBenchmark.FourBesideOneAsync),
    ("a machine that joins 10 s late", QueueBenchmark.LateAsync),
    ("merge of 50 parts of 2,000 tests", MergeBenchmark.MeasureAsync),
    ("soak: 100,000 results over eight machines, a fault every 5 s", SoakBenchmark.MeasureAsync),
];
var isGood = true;
Console.WriteLine("| measured | | held to | |");
Console.WriteLine("|---|---|---|---|");
foreach (var (name, measure) in all.Where(one => args.Length == 0 ? !one.Name.StartsWith("soak", StringComparison.Ordinal) : Array.Exists(args, part => one.Name.Contains(part, StringComparison.OrdinalIgnoreCase))))
{
    var figure = await measure();
    isGood &= figure.IsGood;
    Console.WriteLine($"| {name} | {figure.Measured} | {figure.HeldTo} | {(figure.IsGood ? "" : "**missed**")} |");
}

return isGood ? 0 : 1;
