using System.Diagnostics;
using ConcurrentTesting.Benchmarks.Soak;
using ConcurrentTesting.Queue;
using ConcurrentTesting.Record;
using ConcurrentTesting.Run.Merging;
using static System.FormattableString;

namespace ConcurrentTesting.Benchmarks.Machines;

/// <summary>Eight machines and 100,000 results, while every five seconds a machine is killed, frozen past its lease or asked to leave, or the server restarts.</summary>
internal static class SoakBenchmark
{
    private const int Machines = 8;
    private const int Classes = 10_000;
    private const int Tests = 10;
    private const string Run = "soak";

    public static async Task<Figure> MeasureAsync()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var machines = Enumerable.Range(0, Machines).Select(number => Start(server, number)).ToList();
        var watch = Stopwatch.StartNew();
        var (faults, number) = (0, Machines);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(5));
        while (await timer.WaitForNextTickAsync() && !machines.TrueForAll(machine => machine.HasEnded))
        {
            machines.RemoveAll(machine => machine.HasEnded && Done(machine));
            if (machines.Count == 0)
                break;
            var victim = machines[faults % machines.Count];
            var kind = faults++ % 4;
            await (kind switch
            {
                0 => KillAsync(victim),
                1 => FreezeAsync(victim),
                2 => server.RestartAsync(),
                _ => victim.SignalAsync("TERM"),
            });
            while (machines.Count(machine => !machine.HasEnded) < Machines)
                machines.Add(Start(server, number++));
        }

        machines.ForEach(machine => machine.Dispose());
        var results = (long)(await server.ExecuteAsync($"SELECT count(*) FROM concurrent_test.results WHERE run = '{Run}'"))!;
        var tests = (long)(await server.ExecuteAsync($"SELECT count(DISTINCT test) FROM concurrent_test.results WHERE run = '{Run}'"))!;
        var (toldLost, toldTwice) = await ToldAsync(server);
        var exitCode = await server.ExecuteAsync($"SELECT exit_code FROM concurrent_test.runs WHERE run = '{Run}'");
        var lost = Math.Max((Classes * Tests) - tests, toldLost);
        var doubled = Math.Max(results - tests, toldTwice);
        return new Figure(
            Invariant($"{results} results, {faults} faults, lost {lost}, doubled {doubled}, sealed with {exitCode}, {number} machines, {watch.Elapsed.TotalSeconds:0} s"),
            "lost 0, doubled 0, sealed with 0", lost == 0 && doubled == 0 && exitCode is 0);
    }

    // The verdict and the reports are made of what the machines told, and not of the results that the queue has counted.
    private static async Task<(int Lost, int Doubled)> ToldAsync(PostgreSqlServer server)
    {
        await using var connection = new QueueConnection(QueueBenchmark.Connection(server), TimeProvider.System);
        var results = await new QueueRun(connection, Run, new QueueMachine(Guid.NewGuid(), "reader", 0)).ReadAsync(CancellationToken.None);
        var told = QueuedRecord.Of(Run, results!, new ConcurrentTestSettings(), isSealed: true).Tests;
        return ((Classes * Tests) - told.Count(test => test.Outcome == TestOutcome.Passed), told.Sum(test => test.Attempts.Length) - told.Length);
    }

    private static StartedMachine Start(PostgreSqlServer server, int number) =>
        new(QueueBenchmark.Connection(server), Run, $"machine-{number}", false, Classes, Tests, 2, 3, 5, "quiet");

    private static bool Done(StartedMachine machine)
    {
        machine.Dispose();
        return true;
    }

    private static Task KillAsync(StartedMachine machine)
    {
        machine.Kill();
        return machine.EndsAsync();
    }

    private static async Task FreezeAsync(StartedMachine machine)
    {
        await machine.SignalAsync("STOP");
        await Task.Delay(TimeSpan.FromSeconds(4));
        await machine.SignalAsync("CONT");
    }
}
