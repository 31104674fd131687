using ConcurrentTesting;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.IntegrationTests.Host;
using Microsoft.Extensions.Logging.Abstractions;

if (args[0] == "terminal")
{
    await ShownTerminal.ObeyAsync(args[1], args[2]);
    return 0;
}

if (args is ["machine", .. var machine])
    return await PlayedMachine.RunAsync(machine);

if (args is ["testhost", var trouble, var dotnet, .. var arguments])
    return await FalseTestHost.RunAsync(trouble, dotnet, arguments);

// A run's databases in a process of its own, for tests that kill it: engine, connection string (- for a throwaway server), temporary directory, template, run id. It says
// each step's begin and end on a line and goes on when it reads one.
var (engine, connectionString, temporaryDirectory, template, runId) = (Enum.Parse<DatabaseEngine>(args[0]), args[1], args[2], args[3], args[4]);
var settings = new ConcurrentTestSettings
{
    Workers = 4,
    Database = engine,
    ConnectionString = connectionString == "-" ? null : connectionString,
    Template = [template],
    TemporaryDirectory = temporaryDirectory,
};

var databases = TestDatabases.Create(settings, runId, NullLogger.Instance, TimeProvider.System);
await StepAsync("check", () => databases.CheckAsync(default));
await StepAsync("sweep", () => databases.SweepAsync(default));
await StepAsync("prepare", () => databases.PrepareAsync(default));
Console.WriteLine($"template {databases.Record!.TemplateHit} {databases.Record.Template}");
DatabaseLease[] leases = [];
await StepAsync("lease", async () => leases = await Task.WhenAll(Enumerable.Range(0, settings.Workers).Select(worker => databases.LeaseAsync(worker, default))));
foreach (var lease in leases)
    Console.WriteLine($"database {lease.Database}");
await StepAsync("renew", async () => leases[0] = await databases.RenewAsync(leases[0], default));
await StepAsync("release", () => Task.WhenAll(leases.Select(lease => databases.ReleaseAsync(lease, default))));
await StepAsync("dispose", async () => await databases.DisposeAsync());
return 0;

static async Task StepAsync(string name, Func<Task> step)
{
    await SayAsync($"begin {name}");
    await step();
    await SayAsync($"end {name}");
}

static async Task SayAsync(string line)
{
    Console.WriteLine(line);
    await Console.In.ReadLineAsync();
}
