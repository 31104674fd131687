using System.Globalization;
using ConcurrentTesting.Benchmarks.Overhead;
using ConcurrentTesting.Benchmarks.Soak;
using ConcurrentTesting.Discovery;

// What measuring costs, on PostgreSQL, in each framework: tests that do nothing, and tests that do one query.
//   dotnet run -c Release --project tests/benchmarks/Overhead -- <folder of the measured suites> [rounds] [tests] [frameworks …]
// With MEASURED_RUNS=<assembly of this repository's build>: of whole runs.
var suites = Path.GetFullPath(args[0]);
var rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10;
var tests = args.Length > 2 ? args[2] : "2000";
var frameworks = args.Length > 3 ? args[3..] : ["XUnit2", "XUnit3", "NUnit", "MSTest"];
await using var server = await PostgreSqlServer.StartAsync();
await server.ExecuteAsync("CREATE TABLE note (text varchar(200))");
Environment.SetEnvironmentVariable("MEASURED_DRIVER", "postgresql");
Environment.SetEnvironmentVariable("MEASURED_CONNECTION_STRING", server.ConnectionString + ";Database=postgres");
if (Environment.GetEnvironmentVariable("MEASURED_RUNS") is { Length: > 0 } build)
{
    Environment.SetEnvironmentVariable("MEASURED_BENCHMARK", tests);
    Console.WriteLine("| framework | CPU without, s | measuring, s | of the CPU |");
    Console.WriteLine("|---|---|---|---|");
    foreach (var framework in frameworks)
    {
        var cost = await WholeRuns.RunAsync(Path.GetFullPath(build), AssemblyOf(framework), server.ConnectionString, rounds);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {framework} | {cost.Without:0.00} | {cost.Difference:0.00} ± {cost.Error:0.00} | {cost.Difference / cost.Without:0.0%} |"));
    }

    return;
}

Environment.SetEnvironmentVariable("MEASURED_CPU", OverheadBenchmark.CpuFile);
Console.WriteLine("| framework | tests | CPU without, ms a test | hook, a process | hook, a test | of the CPU |");
Console.WriteLine("|---|---|---|---|---|---|");
foreach (var framework in frameworks)
{
    foreach (var method in new[] { "Empty", "OneQuery" })
    {
        var assembly = new TestAssembly(AssemblyOf(framework), "net10.0", Enum.Parse<TestFramework>(framework), null);
        Environment.SetEnvironmentVariable("MEASURED_BENCHMARK", "1");
        var one = await OverheadBenchmark.RunAsync(assembly, rounds, method);
        Environment.SetEnvironmentVariable("MEASURED_BENCHMARK", tests);
        var many = await OverheadBenchmark.RunAsync(assembly, rounds, method);
        var aTest = (many.Difference - one.Difference) / (many.Tests - one.Tests);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {framework} {method} | {many.Tests} | {many.Without / many.Tests * 1000:0.000} | {one.Difference * 1000:0.0} ms | {aTest * 1000:0.0000} ms | {many.Difference / many.Without:0.0%} |"));
    }
}

File.Delete(OverheadBenchmark.CpuFile);

string AssemblyOf(string framework) => Path.Combine(suites, $"Measured.{framework}", "bin", "Debug", "net10.0", $"Measured.{framework}.dll");
