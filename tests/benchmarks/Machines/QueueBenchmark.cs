using System.Collections.Concurrent;
using System.Diagnostics;
using ConcurrentTesting.Benchmarks.Soak;
using ConcurrentTesting.Queue;
using static System.FormattableString;

namespace ConcurrentTesting.Benchmarks.Machines;

/// <summary>What the queue costs while it is used as tests use it.</summary>
internal static class QueueBenchmark
{
    private const string Quiet = "quiet";
    private const int Classes = 400;
    private const int Milliseconds = 50;

    /// <summary>Four machines of two workers whose tests take 50 ms, one a claim.</summary>
    public static async Task<Figure> LatencyAsync()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var (claims, ends) = (new ConcurrentBag<double>(), new ConcurrentBag<double>());
        var plan = new QueuePlan(
            System.Collections.Immutable.ImmutableSortedDictionary<string, string>.Empty, [1],
            [.. Enumerable.Range(0, 2_000).Select(test => new QueueTest($"Test{test}", 1))],
            [.. Enumerable.Range(0, 2_000).Select(test => new QueueItem { Assembly = 0, Tests = [test], Cases = 1, Seconds = 0.05, Reason = "plan", IsAlone = true })]);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var connection = new QueueConnection(Connection(server), TimeProvider.System);
            var machine = new QueueRun(connection, "latency", new QueueMachine(Guid.NewGuid(), "machine", 2));
            await machine.JoinAsync(plan, TimeSpan.FromSeconds(30), CancellationToken.None);
            await Task.WhenAll(Enumerable.Range(0, 2).Select(worker => WorkAsync(machine, worker, claims, ends)));
        }));

        var (claim, end) = (Percentile(claims), Percentile(ends));
        return new Figure(Invariant($"p95 {claim:0.0} ms a claim, {end:0.0} ms an acknowledgement"), "5 ms each", claim < 5 && end < 5);
    }

    public static async Task<Figure> FourBesideOneAsync()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var (coldOne, coldFour) = (await MachinesAsync(server, "cold-one", 1, 8, isWarm: false), await MachinesAsync(server, "cold-four", 4, 2, isWarm: false));
        var (one, four) = (await MachinesAsync(server, "one", 1, 8, isWarm: true), await MachinesAsync(server, "four", 4, 2, isWarm: true));

        // Four processes begin four times on the cores of one machine, where four machines have their own.
        return new Figure(
            Invariant($"{four.TotalSeconds:0.00} s beside {one.TotalSeconds:0.00} s: {four / one:0.00}x ({coldFour / coldOne:0.00}x where four processes and one have only just begun)"), "1.10x", four / one <= 1.10);
    }

    /// <summary>The other machine does alone what both would have shared until the late one is there.</summary>
    public static async Task<Figure> LateAsync()
    {
        const double Late = 10, Work = Classes * 4 * Milliseconds / 1000.0;
        await using var server = await PostgreSqlServer.StartAsync();
        using var first = new StartedMachine(Connection(server), "late", "first", false, Classes * 4, 1, 2, 30, Milliseconds, Quiet);
        await first.BeginsAsync();
        var watch = Stopwatch.StartNew();
        await Task.Delay(TimeSpan.FromSeconds(Late) - TimeSpan.FromSeconds(1));
        using var second = new StartedMachine(Connection(server), "late", "second", false, Classes * 4, 1, 2, 30, Milliseconds, Quiet);
        await second.BeginsAsync();
        var joined = watch.Elapsed.TotalSeconds;
        await Task.WhenAll(first.EndsAsync(), second.EndsAsync());

        // Alone until the other is there, then together; tests take a little more than they sleep, as in the share that is measured.
        var took = watch.Elapsed.TotalSeconds;
        var slower = (2 * joined + 4 * (took - joined)) / Work;
        var ideal = joined + ((Work * Math.Min(slower, 1.1)) - (2 * joined)) / 4;
        return new Figure(Invariant($"{took:0.00} s beside {ideal:0.00} s of work that was never idle"), "one item more (0.6 s)", took - ideal < 0.6);
    }

    private static async Task<TimeSpan> MachinesAsync(PostgreSqlServer server, string run, int machines, int workers, bool isWarm)
    {
        var started = Enumerable.Range(0, machines).Select(number => new StartedMachine(Connection(server), run, $"machine-{number}", isWarm, Classes, 1, workers, 30, Milliseconds, Quiet)).ToList();
        await Task.WhenAll(started.Select(machine => machine.EndsAsync()));
        started.ForEach(machine => machine.Dispose());

        // From the first test of all to the last, by the server's clock; how long processes take to start is another matter.
        var seconds = await server.ExecuteAsync($"SELECT extract(epoch FROM max(b.acknowledged_at) - (SELECT max(joined_at) FROM concurrent_test.machines WHERE run = '{run}'))::float8 + (SELECT coalesce(sum(0.05), 0) FROM concurrent_test.results r JOIN concurrent_test.batches c ON c.run = r.run AND c.lease = r.lease WHERE r.run = '{run}' AND c.acknowledged_at < (SELECT max(joined_at) FROM concurrent_test.machines WHERE run = '{run}')) / 8 FROM concurrent_test.batches b WHERE b.run = '{run}'");
        return TimeSpan.FromSeconds((double)seconds!);
    }

    private static async Task WorkAsync(QueueRun machine, int worker, ConcurrentBag<double> claims, ConcurrentBag<double> ends)
    {
        while (true)
        {
            var begun = Stopwatch.GetTimestamp();
            var (claim, _, _) = await machine.ClaimAsync(worker, 0, [], CancellationToken.None);
            if (claim is null)
                return;
            claims.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            await Task.Delay(Milliseconds);
            begun = Stopwatch.GetTimestamp();
            await machine.AcknowledgeAsync(
                worker, new QueueAcknowledgement { Lease = claim.Lease, Events = new byte[500], Results = [.. claim.Tests.Select(test => new QueueResult(test, 0, "Passed"))] },
                CancellationToken.None);
            ends.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
    }

    public static string Connection(PostgreSqlServer server) => server.ConnectionString + ";Database=postgres";

    private static double Percentile(ConcurrentBag<double> times) => times.Order().ElementAt((int)(times.Count * 0.95));
}
