using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;

namespace SharedSetUp;

/// <summary>What all classes of a suite share: a schema that somebody has to create once, and the waiting that tests of databases are made of.</summary>
public static class Theatre
{
    private static string ConnectionString => Environment.GetEnvironmentVariable("ConnectionStrings__Default") ?? "Data Source=:memory:";

    // A plain dotnet test has one database for all suites.
    private static string Visits { get; } = typeof(Theatre).Assembly.GetName().Name!.Replace('.', '_');

    private static TimeSpan Delay =>
        TimeSpan.FromMilliseconds(double.Parse(Environment.GetEnvironmentVariable("SHARED_SETUP_DELAY") ?? "10", CultureInfo.InvariantCulture));

    /// <summary>Creates the schema; like many fixtures it does not bear to find it there.</summary>
    public static void Open() => Execute($"CREATE TABLE {Visits} (visitor text PRIMARY KEY); INSERT INTO {Visits} VALUES ('owner');");

    public static void Close() => Execute($"UPDATE {Visits} SET visitor = visitor;");

    /// <summary>A visit that nobody made before, in a theatre that is open.</summary>
    public static void Visit(string visitor)
    {
        using var _ = Stage();
        Execute($"INSERT INTO {Visits} VALUES ('{visitor}');");
        Thread.Sleep(Delay);
        if (Execute($"SELECT count(*) FROM {Visits} WHERE visitor = 'owner';") != 1)
            throw new InvalidOperationException("the theatre has no owner");
    }

    // With a port, what a test needs besides the database and can be had only once on a machine.
    private static TcpListener? Stage()
    {
        if (Environment.GetEnvironmentVariable("SHARED_SETUP_PORT") is not { } port)
            return null;
        var stage = new TcpListener(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture));
        stage.Start();
        return stage;
    }

    private static long? Execute(string text)
    {
        using var connection = new SqliteConnection(ConnectionString);
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = text;
        return command.ExecuteScalar() as long?;
    }
}
