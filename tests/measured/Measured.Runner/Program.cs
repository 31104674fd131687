using System.Globalization;
using ConcurrentTesting.Catalog;
using Measured.Runner;

// Runs a suite as a worker would:
//   Measured.Runner <assembly> <framework> measure|watch|off <batches>    prints what was measured, one JSON document a batch
var assembly = new TestAssembly(Path.GetFullPath(args[0]), "net10.0", Enum.Parse<TestFramework>(args[1]), null);
var count = int.Parse(args[3], CultureInfo.InvariantCulture);
await Measurement.RunAsync(assembly, args[2], count);
