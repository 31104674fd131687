using ConcurrentTesting;
using ConcurrentTesting.Benchmarks.Databases;

// Clone, drop, reset and cold start beside a plain file copy of the same bytes, in interleaved rounds of one process. Arguments: engines, sizes, rounds.
//   dotnet run -c Release --project tests/benchmarks/Databases -- postgresql,mysql,sqlite S,M 15
var engines = (args.Length > 0 ? args[0] : "postgresql,mysql,sqlite").Split(',').Select(ParseEngine);
var sizes = (args.Length > 1 ? args[1] : "S,M").Split(',').Select(name => DatabaseSize.Named(name)).ToArray();
var rounds = args.Length > 2 ? int.Parse(args[2], System.Globalization.CultureInfo.InvariantCulture) : 15;

var report = new Report(Console.Out);
report.Begin(rounds);
foreach (var engine in engines)
{
    foreach (var size in sizes)
        await new CloneBenchmark(engine, size, rounds, report).RunAsync();
    await new StartBenchmark(engine, Math.Min(rounds, 7), report).RunAsync();
}

return report.End();

static DatabaseEngine ParseEngine(string name) => name switch
{
    "postgresql" => DatabaseEngine.PostgreSql,
    "mysql" => DatabaseEngine.MySql,
    "sqlite" => DatabaseEngine.Sqlite,
    _ => throw new ArgumentException($"engine '{name}': there are postgresql, mysql, sqlite"),
};
