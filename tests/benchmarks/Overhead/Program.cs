using System.Globalization;
using ConcurrentTesting.Benchmarks.Overhead;
using ConcurrentTesting.Benchmarks.Soak;

// What measuring costs, on PostgreSQL, in each framework: tests that do nothing, and tests that do one query.
//   dotnet run -c Release --project tests/benchmarks/Overhead -- <folder of the measured suites> [rounds] [tests] [frameworks …]
// With MEASURED_RUNS=<assembly of this repository's build>: of whole runs. With 0 rounds: the share of one run's samples.
var suites = Path.GetFullPath(args[0]);
var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10;
var tests = args.Length > 2 ? args[2] : "2000";
var frameworks = args.Length > 3 ? args[3..] : ["XUnit2", "XUnit3", "NUnit", "MSTest"];
await using var server = await PostgreSqlServer.StartAsync();
await server.ExecuteAsync("CREATE TABLE note (text varchar(200))");
Environment.SetEnvironmentVariable("MEASURED_DRIVER", "postgresql");
Environment.SetEnvironmentVariable("MEASURED_CONNECTION_STRING", server.ConnectionString + ";Database=postgres");
var tables = new CostTables(suites, frameworks, tests);
if (Environment.GetEnvironmentVariable("MEASURED_RUNS") is not { Length: > 0 } build)
    await tables.OfProcessesAsync(rounds);
else if (rounds > 0)
    await tables.OfRunsAsync(new WholeRuns(Path.GetFullPath(build), server.ConnectionString), rounds);
else
    await tables.OfSamplesAsync(new WholeRuns(Path.GetFullPath(build), server.ConnectionString));
