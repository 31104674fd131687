using System.Data.Common;
using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.Leases;

namespace ConcurrentTesting.Benchmarks.Databases;

/// <summary>From nothing to the first clone: cold (no data directory, no template), warm (both kept), and what a template that is there adds.</summary>
internal sealed class StartBenchmark(DatabaseEngine engine, int rounds, Report report)
{
    private const string SmallSchema = "CREATE TABLE book (id int PRIMARY KEY, title varchar(100)); CREATE TABLE loan (id int PRIMARY KEY, book int);";

    private readonly Samples _cold = new();
    private readonly Samples _warm = new();

    public async Task RunAsync()
    {
        for (var round = -1; round < rounds; round++)
        {
            using var place = new Workplace(engine, SmallSchema);
            await (await Measured(round, _cold).TimeAsync(() => FirstCloneAsync(place))).DisposeAsync();
            await (await Measured(round, _warm).TimeAsync(() => FirstCloneAsync(place))).DisposeAsync();
        }

        var isServer = engine == DatabaseEngine.PostgreSql;
        report.Time($"{engine}", "from nothing to the first clone, cold", _cold, isServer ? 2000 : null);
        report.Time($"{engine}", "from nothing to the first clone, warm", _warm, isServer ? 500 : null);
        report.Time($"{engine}", "finding the template again", await MeasureHitsAsync(), most: 50);
    }

    // On a server as a user has it: the throwaway one of another run.
    private async Task<Samples> MeasureHitsAsync()
    {
        var hits = new Samples();
        using var place = new Workplace(engine, SmallSchema);
        await using var server = await place.PrepareAsync(place.Settings);
        var settings = engine == DatabaseEngine.Sqlite ? place.Settings : place.Settings with { ConnectionString = Administrator(await server.LeaseAsync(0, default)) };
        for (var round = -1; round < rounds; round++)
        {
            await using var databases = place.Create(settings);
            await databases.CheckAsync(default);
            await databases.SweepAsync(default);
            await Measured(round, hits).TimeAsync(() => databases.PrepareAsync(default));
        }

        return hits;
    }

    private static string Administrator(DatabaseLease lease)
    {
        var connection = new DbConnectionStringBuilder { ConnectionString = lease.Environment["CONCURRENT_TEST_CONNECTION_STRING"] };
        connection.Remove("Database");
        return connection.ConnectionString;
    }

    private static async Task<TestDatabases> FirstCloneAsync(Workplace place)
    {
        var databases = await place.PrepareAsync(place.Settings);
        await databases.LeaseAsync(0, default);
        return databases;
    }

    private static Samples Measured(int round, Samples samples) => round < 0 ? new Samples() : samples;
}
