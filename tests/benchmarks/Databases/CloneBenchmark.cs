using ConcurrentTesting.Databases;
using ConcurrentTesting.Databases.Leases;

namespace ConcurrentTesting.Benchmarks.Databases;

/// <summary>Clones, drops and resets of one template size beside copies of the clone's own files.</summary>
internal sealed class CloneBenchmark(DatabaseEngine engine, DatabaseSize size, int rounds, Report report)
{
    private const int AtOnce = 8;

    private readonly Samples _clone = new();
    private readonly Samples _drop = new();
    private readonly Samples _copy = new();
    private readonly Samples _sequence = new();
    private readonly Samples _parallel = new();
    private readonly Samples _reset = new();

    public async Task RunAsync()
    {
        using var place = new Workplace(engine, size.Script(engine));
        await using (var databases = await place.PrepareAsync(place.Settings))
            await MeasureClonesAsync(place, databases);
        await using (var databases = await place.PrepareAsync(place.Settings with { Reset = DatabaseReset.Batch }))
            await MeasureResetsAsync(databases);
        Tell();
    }

    private async Task MeasureClonesAsync(Workplace place, TestDatabases databases)
    {
        var model = await databases.LeaseAsync(0, default);
        var files = await place.FilesAsync(model);
        // Two rounds to warm up: connections, caches, compiled code.
        for (var round = -2; round < rounds; round++)
        {
            var lease = await Measured(round, _clone).TimeAsync(() => databases.LeaseAsync(1, default));
            await Measured(round, _copy).TimeAsync(() => Workplace.CopyAsync(files, files + ".copy"));
            Workplace.Remove(files + ".copy");
            await Measured(round, _drop).TimeAsync(() => databases.ReleaseAsync(lease, default));
            if (round < rounds / 3)
                await MeasureManyAsync(databases, round);
        }
    }

    private async Task MeasureManyAsync(TestDatabases databases, int round)
    {
        var leases = new List<DatabaseLease>();
        await Measured(round, _sequence).TimeAsync(async () =>
        {
            for (var worker = 0; worker < AtOnce; worker++)
                leases.Add(await databases.LeaseAsync(worker, default));
        });
        await DropAsync(databases, leases);
        leases.AddRange(await Measured(round, _parallel).TimeAsync(() => Task.WhenAll(Enumerable.Range(0, AtOnce).Select(worker => databases.LeaseAsync(worker, default)))));
        await DropAsync(databases, leases);
    }

    private async Task MeasureResetsAsync(TestDatabases databases)
    {
        const int Spares = 4;
        var lease = await databases.LeaseAsync(0, default);
        for (var renewals = 0; renewals < rounds + 2; renewals++)
        {
            // A test class takes its time: meanwhile the spares are full again, and what was given back is dropped.
            while (databases.Record!.CloneTimes.Length < 1 + Spares + renewals || databases.Record.DropTimes.Length < renewals)
                await Task.Delay(5);
            lease = await Measured(renewals - 2, _reset).TimeAsync(() => databases.RenewAsync(lease, default));
        }
    }

    private void Tell()
    {
        var name = $"{engine} {size.Name}";
        report.Ratio(name, "clone", _clone, "`cp -r`", _copy, CloneTarget);
        report.Ratio(name, $"{AtOnce} clones at once", _parallel, "in sequence", _sequence, engine == DatabaseEngine.PostgreSql ? 0.6 : null);
        report.Time(name, "drop", _drop);
        report.Time(name, "reset with a spare ready", _reset, most: 30);
    }

    private double? CloneTarget => (engine, size.Name) switch
    {
        (DatabaseEngine.PostgreSql or DatabaseEngine.Sqlite, _) => 1.2,
        (DatabaseEngine.MySql, "S") => 8,
        _ => null,
    };

    private static async Task DropAsync(TestDatabases databases, List<DatabaseLease> leases)
    {
        await Task.WhenAll(leases.Select(lease => databases.ReleaseAsync(lease, default)));
        leases.Clear();
    }

    private static Samples Measured(int round, Samples samples) => round < 0 ? new Samples() : samples;
}
