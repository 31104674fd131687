using System.Reflection;
using ConcurrentTesting.TestHook.Drivers;
using ConcurrentTesting.TestHook.Frameworks;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>Measures what the tests of this process do: connects the drivers, which tell what is done, with the framework, which knows by
/// whom.</summary>
internal sealed class Meter
{
    private const string SqliteProvider = "SQLitePCLRaw.provider.";

    private readonly Ledger _ledger;
    private readonly DriverCatalog _drivers;
    private readonly Action<string, Exception> _report;

    private Meter(FigureLog log, HookAddress address, Action<string> reportGap, Action<string, Exception> report)
    {
        _report = report;
        _drivers = new DriverCatalog(reportGap);
        _ledger = new Ledger(log, _drivers, reportGap);
        Context = address.Framework switch
        {
            "XUnit3" => new XUnit3Context(_ledger, report),
            "XUnit2" => new XUnit2Context(_ledger),
            "NUnit" => new NUnitContext(_ledger, report),
            "MSTest" when !address.HasEvents => new MSTestContext(_ledger, report),
            _ => new WindowContext(_ledger),
        };
    }

    public IFrameworkContext Context { get; }

    /// <param name="reportGap">Told what cannot be measured.</param>
    /// <param name="report">Told of failures of the measuring itself: where, and what.</param>
    public static Meter Start(FigureLog log, HookAddress address, Action<string> reportGap, Action<string, Exception> report)
    {
        var meter = new Meter(log, address, reportGap, report);
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => meter.Loaded(loaded.LoadedAssembly);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
            meter.Loaded(assembly);
        if (address.Framework is "XUnit2" or "XUnit3")
            XUnitEvents.Listen(meter.Context, report);
        ActivityDrivers.Listen(meter._drivers, meter.Current, meter._ledger.Opened, report);
        return meter;
    }

    /// <summary>Tells the engine everything that it does not know yet.</summary>
    public void Flush() => _ledger.Flush();

    /// <summary>Tells the engine of the test that runs.</summary>
    public void SendLatest() => _ledger.SendLatest();

    // Drivers call this, so a fault in the framework's context must not become theirs.
    private Tally Current()
    {
        try
        {
            return _ledger.Open(Context.Current());
        }
        catch (Exception exception)
        {
            _report("framework context", exception);
            return _ledger.NoTest;
        }
    }

    private void Loaded(Assembly assembly)
    {
        try
        {
            var name = assembly.GetName().Name ?? "";
            Context.Loaded(assembly, name);
            _drivers.Loaded(name);
            if (name.StartsWith(SqliteProvider, StringComparison.Ordinal))
                AttachSqlite(assembly, name[SqliteProvider.Length..]);
        }
        catch (Exception exception)
        {
            _report($"loading of {assembly.FullName}", exception);
        }
    }

    // A provider is called after its library: e_sqlite3, e_sqlcipher, sqlite3, winsqlite3.
    private void AttachSqlite(Assembly provider, string library)
    {
        if (SqliteTrace.Attach(provider, library, Current, _ledger.Opened, _report) is { } reason)
            _drivers.NotMeasured("SQLite", $"the native library {library} of {provider.GetName().Name}: {reason}");
        else
            _drivers.Measured(DriverGaps.ConnectionErrors);
    }
}
