extern alias hook;

using System.Collections.Concurrent;
using System.Reflection;
using hook::ConcurrentTesting.TestHook.Drivers;
using hook::ConcurrentTesting.TestHook.Measuring;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

public sealed class SqliteTraceTests
{
    private const string Library = "e_sqlite3";

    private static readonly Tally NoTest = new();
    private static readonly ConcurrentQueue<Exception> Failures = new();
    private static readonly AsyncLocal<Tally?> Flow = new();

    [Fact]
    public void What_a_statement_runs_within_itself_is_part_of_it()
    {
        Attach(Library).ShouldBeNull();
        using var connection = new SqliteConnection("Data Source=:memory:;Pooling=False");
        connection.Open();
        Execute(connection, "CREATE VIRTUAL TABLE text USING fts5 (body)");
        var tally = new Tally();
        Flow.Value = tally;

        Execute(connection, "INSERT INTO text VALUES ('one two three')");
        Execute(connection, "SELECT count(*) FROM text WHERE text MATCH 'two'");
        Execute(connection, "-- with a comment\nSELECT 1");

        (tally.Operations, tally.Reads, tally.Writes, tally.Others).ShouldBe((3, 2, 1, 0));
        Failures.ShouldBeEmpty();
    }

    [Fact]
    public void A_second_library_is_not_said_to_be_measured()
    {
        Attach(Library).ShouldBeNull();

        Attach(Library).ShouldBeNull();
        Attach("libc.so.6").ShouldNotBeNull().ShouldContain("another native library");
        Attach("no such library").ShouldNotBeNull().ShouldContain("not found");
    }

    private static string? Attach(string library) => SqliteTrace.Attach(
        Assembly.Load("SQLitePCLRaw.provider.e_sqlite3"), library, () => Flow.Value ?? NoTest, new OpenedDatabases(), (_, exception) => Failures.Enqueue(exception));

    private static void Execute(SqliteConnection connection, string text)
    {
        using var command = connection.CreateCommand();
        command.CommandText = text;
        command.ExecuteNonQuery();
    }
}
