using System.Globalization;
using System.Net.Sockets;
using ConcurrentTesting;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Console;
using ConcurrentTesting.Console.Terminal;
using ConcurrentTesting.Record;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

/// <summary>
/// A run's console on the process's own terminal, in a time of its own. It does what it is told by the lines of a socket and answers each with
/// one.
/// </summary>
internal sealed class ShownTerminal(string root) : IAsyncDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
    private static readonly TestAssembly Assembly = new("/repo/Shop.Tests.dll", "net10.0", TestFramework.XUnit3, null);

    private readonly FakeTimeProvider _time = new(Start);
    private readonly ConcurrentTestSettings _settings = new()
    {
        RootDirectory = root,
        ResultsDirectory = Path.Combine(root, "results"),
        Database = DatabaseEngine.Sqlite,
    };

    private RunConsole? _console;

    public static async Task ObeyAsync(string socket, string root)
    {
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket));
        await using var stream = new NetworkStream(connection);
        using var reader = new StreamReader(stream);
        await using var writer = new StreamWriter(stream);
        writer.AutoFlush = true;
        await using var shown = new ShownTerminal(root);
        while (await reader.ReadLineAsync() is { } line)
        {
            shown.Do(line.Split(' ', 2));
            await writer.WriteLineAsync("done");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_console is not null)
            await _console.DisposeAsync();
    }

    private void Do(string[] command)
    {
        var rest = command.Length > 1 ? command[1] : "";
        switch (command[0])
        {
            case "begin":
                Begin([.. rest.Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))]);
                break;
            case "start":
                StartTest(rest.Split(' ', 2));
                break;
            case "pass":
                Finish(rest.Split(' ', 2), TestOutcome.Passed);
                break;
            case "fail":
                Finish(rest.Split(' ', 2), TestOutcome.Failed);
                break;
            case "log":
                _console!.Log.LogInformation("{Text}", rest);
                break;
            case "wait":
                Wait(int.Parse(rest, CultureInfo.InvariantCulture));
                break;
            default:
                throw new ArgumentException(command[0], nameof(command));
        }
    }

    private void Begin(int[] numbers)
    {
        _console = RunConsole.Open(_settings, Redactor.Of(_settings), new PlainLines(), _time, ConsoleSurface.OfProcess());
        _console.PhaseStarted("tests");
        _console.Planned(numbers[0], numbers[1], TimeSpan.FromSeconds(numbers[2]));
    }

    private void StartTest(string[] test) =>
        _console!.TestStarted(new TestStarted(Worker(test), new TestRef(Assembly, Guid.NewGuid()), "Shop.Tests.OrderTests", test[1]) { At = Start });

    private void Finish(string[] test, TestOutcome outcome) => _console!.TestFinished(
        new TestRecord
        {
            Id = $"Shop.Tests/{test[1]}",
            Assembly = Assembly,
            CaseId = Guid.NewGuid(),
            ClassName = "Shop.Tests.OrderTests",
            MethodName = test[1],
            Name = test[1],
            Attempts = [Attempt(Worker(test), outcome)],
        },
        isFinal: true);

    private static TestAttempt Attempt(int worker, TestOutcome outcome) => new()
    {
        Outcome = outcome,
        Worker = worker,
        Batch = 1,
        Number = 1,
        StartedAt = Start,
        Duration = TimeSpan.FromSeconds(1),
        Message = outcome == TestOutcome.Failed ? "Assert.Equal() Failure: Values differ\nExpected: 1042\nActual:   1052" : null,
    };

    private static int Worker(string[] test) => int.Parse(test[0], CultureInfo.InvariantCulture);

    // In the steps in which the console is redrawn.
    private void Wait(int tenths)
    {
        for (var step = 0; step < tenths; step++)
            _time.Advance(TimeSpan.FromMilliseconds(100));
    }

    private sealed class PlainLines : ILogger
    {
        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Console.Out.Write(formatter(state, exception) + "\n");

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;
    }
}
