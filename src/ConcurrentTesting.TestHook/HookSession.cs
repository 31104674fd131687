using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using ConcurrentTesting.TestHook.Measuring;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.TestHook;

/// <summary>The hook's life in one test process: says who it is, watches the engine, and measures where asked to.</summary>
internal sealed class HookSession
{
    private const string StartupHooksVariable = "DOTNET_STARTUP_HOOKS";

    // The engine keeps less, but takes secrets out before it cuts.
    private const int LongestText = 32 * 1024;

    private readonly EngineConnection _engine;
    private readonly HashSet<string> _troubles = [];

    private HookSession(EngineConnection engine) => _engine = engine;

    /// <summary>The session of this process; null in a process that is none of the engine's.</summary>
    public static HookSession? Current { get; private set; }

    /// <summary>Null where nothing is measured.</summary>
    public Meter? Meter { get; private set; }

    public static void Begin()
    {
        if (HookAddress.Parse(Environment.GetEnvironmentVariable(HookAddress.Variable)) is not { } address)
            return;
        var role = RoleOfThisProcess(address);
        if (role != HookedProcessRole.TestHost || !address.HasChild)
            HideFromChildren(address);
        if (role is not { } known || Connect(address) is not { } engine)
            return;

        var session = new HookSession(engine);
        Current = session;
        session.Start(address, known);
    }

    /// <summary>Tells the engine of a failure inside the hook, once for each place.</summary>
    public void Report(string place, Exception exception)
    {
        lock (_troubles)
        {
            if (!_troubles.Add(place))
                return;
        }

        Say($"the hook failed in a {place}: {exception.GetType().Name}: {exception.Message}");
    }

    private void Say(string trouble) => _engine.Send(trouble, static (writer, text) => writer.Begin(HookMessage.Trouble).Text(text).End());

    private void Start(HookAddress address, HookedProcessRole role)
    {
        _engine.Send((address, role), static (writer, said) => writer.Begin(HookMessage.Hello)
            .Number(WireWriter.Version)
            .Number(Environment.ProcessId)
            .Number(said.address.Worker)
            .Number(said.address.Batch)
            .Number((byte)said.role)
            .Text(RuntimeInformation.FrameworkDescription)
            .End());
        _engine.EngineLost += ProcessEnd.Now;
        _engine.FlushAsked += Flush;
        _engine.ChildNamed += WatchChild;
        _engine.Paused += () => Tell(static meter => meter.SendLatest());
        AppDomain.CurrentDomain.UnhandledException += (_, unhandled) => SayUnhandled(unhandled.ExceptionObject);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End();
        _engine.Watch();
        _engine.AwaitWelcome();

        // xunit v3's test host only passes on what its child does.
        if (address.Measure && role != HookedProcessRole.Console && (role == HookedProcessRole.TestProcess) == address.HasChild)
            StartMeasuring(address);
    }

    private void StartMeasuring(HookAddress address)
    {
        try
        {
            Meter = Meter.Start(new FigureLog(_engine, address.FiguresOf(Environment.ProcessId)), address, Say, Report);
        }
        catch (Exception exception)
        {
            Report("start", exception);
        }
    }

    private void Flush()
    {
        Tell(static meter => meter.Flush());
        _engine.SendAll(0, static (writer, _) => writer.Begin(HookMessage.Flushed).End());
    }

    private void SayUnhandled(object thrown)
    {
        Tell(static meter => meter.Flush());
        _engine.SendAll(thrown as Exception, static (writer, exception) => writer.Begin(HookMessage.Unhandled)
            .Text(Capped($"{exception?.GetType().FullName ?? "an object that is not an exception"}: {exception?.Message}"))
            .Text(Capped(exception?.ToString() ?? ""))
            .End());
    }

    private static string Capped(string text) => text.Length > LongestText ? text[..LongestText] : text;

    // The parent's death ends the thread, and the engine may have gone long before.
    private void WatchChild(int child) =>
        new Thread(() => TellChild(child), 128 * 1024) { IsBackground = true, Name = "ConcurrentTest child" }.Start();

    private void TellChild(int child)
    {
        if (ChildEnd.Await(child) is { } end)
        {
            _engine.Send((child, end), static (writer, said) => writer.Begin(HookMessage.ChildEnded)
                .Number(said.child)
                .Number(said.end.IsKilled ? 1 : 0)
                .Number(said.end.Status)
                .End());
        }
    }

    private void End()
    {
        Tell(static meter => meter.Flush());
        _engine.End(0, static (writer, _) => writer.Begin(HookMessage.Bye).End());
    }

    // This runs on threads where an exception would end the process.
    private void Tell(Action<Meter> what)
    {
        try
        {
            if (Meter is { } meter)
                what(meter);
        }
        catch (Exception exception)
        {
            Report("report", exception);
        }
    }

    private static EngineConnection? Connect(HookAddress address)
    {
        try
        {
            return EngineConnection.Open(address.Socket);
        }
        catch (SocketException)
        {
            // The engine was killed between the start of this process and now.
            if (!IsAlive(address.EngineProcessId))
                ProcessEnd.Now();
            return null;
        }
    }

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private static HookedProcessRole? RoleOfThisProcess(HookAddress address)
    {
        var program = Path.GetFileNameWithoutExtension(Environment.GetCommandLineArgs()[0]);
        if (IsTestHost(program))
            return HookedProcessRole.TestHost;
        if (address.IsConsole)
            return program.StartsWith("vstest.console", StringComparison.OrdinalIgnoreCase) ? HookedProcessRole.Console : null;
        return address.HasChild ? HookedProcessRole.TestProcess : null;
    }

    /// <summary>Whether a program is VSTest's: testhost, testhost.x86, testhost.net48, testhost.net48.x86. A suite may be called
    /// TestHosting.Tests.</summary>
    internal static bool IsTestHost(string program)
    {
        var parts = program.ToLowerInvariant().Split('.');
        return parts[0] == "testhost" && Array.TrueForAll(parts[1..], IsOfTestHost);
    }

    private static bool IsOfTestHost(string part) =>
        part is "x86" or "x64" or "arm64"
        || (part.Length > 3 && part.StartsWith("net", StringComparison.Ordinal) && char.IsAsciiDigit(part[3]));

    // Processes that tests start are not ours to watch, and may run on a runtime that cannot load this assembly.
    private static void HideFromChildren(HookAddress address)
    {
        Environment.SetEnvironmentVariable(StartupHooksVariable, address.OtherHooks.Length > 0 ? address.OtherHooks : null);
        Environment.SetEnvironmentVariable(HookAddress.Variable, null);
    }
}
