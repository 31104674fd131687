using System.Diagnostics;
using ConcurrentTesting.TestHook.Measuring;
using ConcurrentTesting.TestHook.Statements;

namespace ConcurrentTesting.TestHook.Drivers;

/// <summary>Npgsql and MySqlConnector, by the activities that they make for OpenTelemetry.</summary>
internal sealed class ActivityDrivers
{
    private const string Npgsql = "Npgsql";
    private const string MySqlConnector = "MySqlConnector";
    private const string TallyProperty = "concurrent-test-tally";

    private static readonly Statement Read = new(new StatementCounts(1, 0, 0), null);
    private static readonly Statement Other = new(new StatementCounts(0, 0, 1), null);

    private readonly Func<Tally> _current;
    private readonly OpenedDatabases _opened;
    private readonly Action<string, Exception> _report;

    // Most tests have one open activity at a time. It is kept here, because an activity's own properties cost a dictionary each.
    private OpenActivity? _open;

    private ActivityDrivers(Func<Tally> current, OpenedDatabases opened, Action<string, Exception> report)
    {
        _current = current;
        _opened = opened;
        _report = report;
    }

    public static void Listen(DriverCatalog catalog, Func<Tally> current, OpenedDatabases opened, Action<string, Exception> report)
    {
        var drivers = new ActivityDrivers(current, opened, report);
        ActivitySource.AddActivityListener(new ActivityListener
        {
            ShouldListenTo = source => IsDriver(source, catalog),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            SampleUsingParentId = static (ref ActivityCreationOptions<string> _) => ActivitySamplingResult.AllData,
            ActivityStarted = drivers.Started,
            ActivityStopped = drivers.Stopped,
        });
    }

    private static bool IsDriver(ActivitySource source, DriverCatalog catalog)
    {
        var isDriver = source.Name is Npgsql or MySqlConnector;
        if (isDriver)
            catalog.Used(TellsOpening(source) ? DriverGaps.None : DriverGaps.Connections | DriverGaps.ConnectionErrors);
        return isDriver;
    }

    // Npgsql has an activity for opening a connection since version 10.
    private static bool TellsOpening(ActivitySource source) =>
        source.Name != Npgsql || int.TryParse(source.Version?.Split('.')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && major >= 10;

    private void Started(Activity activity)
    {
        try
        {
            // The work belongs to the test in which it begins; it may end on a thread of the driver.
            Remember(activity, _current());

            // Without this hook nobody would have asked for the activity, so user code must not find it as its current one.
            if (!activity.Recorded && ReferenceEquals(Activity.Current, activity))
                Activity.Current = activity.Parent;
        }
        catch (Exception exception)
        {
            _report("driver activity", exception);
        }
    }

    private void Stopped(Activity activity)
    {
        try
        {
            if (TallyOf(activity) is { } tally)
                Count(activity, tally);
        }
        catch (Exception exception)
        {
            _report("driver activity", exception);
        }
    }

    private void Remember(Activity activity, Tally tally)
    {
        if (Volatile.Read(ref _open) is not null
            || Interlocked.CompareExchange(ref _open, new OpenActivity(activity, tally), null) is not null)
            activity.SetCustomProperty(TallyProperty, tally);
    }

    private Tally? TallyOf(Activity activity)
    {
        var open = Volatile.Read(ref _open);
        if (open is null || !ReferenceEquals(open.Activity, activity))
            return activity.GetCustomProperty(TallyProperty) as Tally;
        Volatile.Write(ref _open, null);
        return open.Tally;
    }

    private void Count(Activity activity, Tally tally)
    {
        var dialect = activity.Source.Name == Npgsql ? SqlDialect.PostgreSql : SqlDialect.MySql;
        if (IsConnecting(activity, dialect))
        {
            CountConnection(activity, tally);
            return;
        }

        if (activity.Duration >= SlowStatements.WorthTelling && SlowTextOf(activity, dialect) is { } slow)
            tally.Slow(slow, activity.Duration);
        tally.Command(StatementOf(activity, dialect), activity.Duration);
        if (activity.GetTagItem("db.npgsql.rows") is ulong rows)
            tally.RowsTold((long)rows);
    }

    private void CountConnection(Activity activity, Tally tally)
    {
        if (activity.Status == ActivityStatusCode.Error || activity.GetTagItem("otel.status_code") is "ERROR")
        {
            tally.ConnectionError();
            return;
        }

        _opened.Add(activity.GetTagItem("db.namespace") as string ?? activity.GetTagItem("db.name") as string, tally);
        tally.Connection();
    }

    private static bool IsConnecting(Activity activity, SqlDialect dialect) => dialect == SqlDialect.MySql
        ? activity.OperationName == "Open"
        : activity.OperationName.StartsWith("CONNECT ", StringComparison.Ordinal) && TextOf(activity) is null;

    private static Statement StatementOf(Activity activity, SqlDialect dialect)
    {
        if (activity.GetTagItem("db.collection.name") is string)
            return Read;
        if (activity.GetTagItem("db.stored_procedure.name") is string || TextOf(activity) is not { } text)
            return Other;
        return StatementCatalog.Of(text, dialect);
    }

    private static string? SlowTextOf(Activity activity, SqlDialect dialect) => TextOf(activity) is { } text
        ? StatementText.Of(text, dialect)
        : activity.GetTagItem("db.stored_procedure.name") as string;

    // OpenTelemetry's newer conventions use the first name, its older ones the second.
    private static string? TextOf(Activity activity) =>
        activity.GetTagItem("db.query.text") as string ?? activity.GetTagItem("db.statement") as string;

    private sealed record OpenActivity(Activity Activity, Tally Tally);
}
