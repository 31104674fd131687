using System.Globalization;
using System.Runtime.InteropServices;
using ConcurrentTesting.Record;
using ConcurrentTesting.Tests;
using ConcurrentTesting.Tests.Execution;
using ConcurrentTesting.Tests.Queue;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ConcurrentTesting.IntegrationTests.Host;

/// <summary>
/// A machine of several that share a run, in a process of its own: its workers, its accounting and its part in the queue are real, its tests only take their time.
/// Arguments: connection string, run, name, classes, tests a class, workers, seconds of a lease, milliseconds of a test, the test that never ends (-: none; quiet: none, and only the first is
/// told), and "beside" where a process that no batch has ends itself as the first test begins, "tells" where it says how it joined, "waits" where it takes nothing then, or "fails" where the tests
/// of its first batch fail.
/// </summary>
internal static class PlayedMachine
{
    private static int _begun;
    private static int _batches;

    public static async Task<int> RunAsync(string[] args)
    {
        var (connection, run, name) = (args[0], args[1], args[2]);
        var (classes, tests, workers) = (Number(args[3]), Number(args[4]), Number(args[5]));
        var (lease, milliseconds, hanging) = (double.Parse(args[6], CultureInfo.InvariantCulture), Number(args[7]), args[8]);
        try
        {
            await using var machine = new SharedMachine(
                connection, run, name, settings => settings with { Workers = workers, QueueLease = TimeSpan.FromSeconds(lease), TestTimeout = TimeSpan.FromMinutes(2) },
                log: args is [.., "waits" or "tells"] ? new TellsOnceJoined(waits: args is [.., "waits"]) : null);
            using var termination = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
            {
                context.Cancel = true;
                machine.Leave();
            });
            if (await machine.Queue.IsSealedAsync(NullLogger.Instance, CancellationToken.None))
                return Say("sealed", 10);
            if (args is [.., "beside"])
                machine.Queue.Events.Happened(EndBeside());
            var end = await machine.RunAsync(
                Catalogs.Of(classes, tests),
                (asked, events, token) => GiveAsync(asked, events, milliseconds, hanging, args is [.., "fails"] && Interlocked.Increment(ref _batches) == 1, token));
            if (machine.Fake.Incidents.Any(incident => incident.Kind == IncidentKinds.LeaseTaken))
                Say("fenced", 0);
            return Say($"end {end.Reason}", (int)(end.ExitCode ?? ConcurrentTestExitCode.Success));
        }
        catch (ConcurrentTestException exception)
        {
            return Say($"refused {exception.Message}", (int)exception.ExitCode);
        }
    }

    private static async Task<HostRunEnd> GiveAsync(HostRun asked, IHostEvents events, int milliseconds, string hanging, bool fails, CancellationToken cancellationToken)
    {
        foreach (var entry in asked.Entries)
        {
            events.ActiveTests([FakeHost.Told(entry)]);
            if (hanging != "quiet")
                Say($"test {entry.DisplayName}", 0);
            else if (Interlocked.Exchange(ref _begun, 1) == 0)
                Say("begin", 0);
            var takes = entry.DisplayName.EndsWith(hanging, StringComparison.Ordinal) ? Timeout.Infinite : milliseconds;
            await Task.Delay(takes, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            if (cancellationToken.IsCancellationRequested)
                return new HostRunEnd("it was ended");
            events.ResultArrived(FakeHost.Result(entry, fails ? TestOutcome.Failed : TestOutcome.Passed));
        }

        events.ActiveTests([]);
        return FakeHost.WellEnded;
    }

    private static OutsideFailed EndBeside() => new(
        new OutsideFailure { Kind = OutsideKinds.ProcessEnd, Name = "Test process", Assembly = Catalogs.Assembly(), Workers = [99], At = DateTimeOffset.UtcNow, Message = "it exited" }, [])
    { At = DateTimeOffset.UtcNow };

    // A machine says that it has joined before its workers ask for anything.
    private sealed class TellsOnceJoined(bool waits) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel != LogLevel.Information)
                return;
            Say(formatter(state, exception), 0);
            if (!waits)
                return;
            using var never = new ManualResetEventSlim();
            never.Wait();
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private static int Say(string line, int exitCode)
    {
        System.Console.WriteLine(line);
        return exitCode;
    }
}
