using System.Globalization;
using ConcurrentTesting.Discovery;
using Measured.Runner;

// Runs a suite as a worker would:
//   Measured.Runner <assembly> <framework> measure|watch|off <batches>    prints what was measured, one JSON document a batch
//   Measured.Runner <assembly> <framework> benchmark <rounds> <method>    runs one method's rows with and without the hook in turn, and compares CPU time
var assembly = new TestAssembly(Path.GetFullPath(args[0]), "net10.0", Enum.Parse<TestFramework>(args[1]), null);
var count = int.Parse(args[3], CultureInfo.InvariantCulture);
if (args[2] == "benchmark")
    await Benchmark.RunAsync(assembly, count, args[4]);
else
    await Measurement.RunAsync(assembly, args[2], count);
