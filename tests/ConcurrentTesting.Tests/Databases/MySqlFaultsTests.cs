using System.Net.Sockets;
using System.Reflection;
using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Record;
using MySqlConnector;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class MySqlFaultsTests
{
    [Theory]
    [InlineData(1042, nameof(FaultCause.Connection))]
    [InlineData(1927, nameof(FaultCause.Connection))]
    [InlineData(2002, nameof(FaultCause.Connection))]
    [InlineData(2003, nameof(FaultCause.Connection))]
    [InlineData(2006, nameof(FaultCause.Connection))]
    [InlineData(2013, nameof(FaultCause.Connection))]
    [InlineData(1053, nameof(FaultCause.ServerNotReady))]
    [InlineData(1040, nameof(FaultCause.ServerFull))]
    [InlineData(1203, nameof(FaultCause.ServerFull))]
    [InlineData(1205, nameof(FaultCause.Busy))]
    [InlineData(1213, nameof(FaultCause.Conflict))]
    [InlineData(1412, nameof(FaultCause.Conflict))]
    public void What_passes_is_tried_again(int number, string cause) => MySqlFaults.Classify(Server(number)).ToString().ShouldBe(cause);

    [Theory]
    [InlineData(1049, true)] // MySQL 8: no such database
    [InlineData(1146, true)] // MariaDB: no such table
    [InlineData(1142, false)] // no right
    public void A_table_is_not_there_in_each_servers_words(int number, bool isNotThere) => MySqlFaults.IsNotThere(Server(number)).ShouldBe(isNotThere);

    [Theory]
    [InlineData(1044)] // a missing right
    [InlineData(1045)] // a wrong password
    [InlineData(1049)] // no such database
    [InlineData(1062)] // a duplicate key
    [InlineData(1064)] // a syntax error
    [InlineData(1114)] // a full table
    [InlineData(1146)] // no such table
    [InlineData(1226)] // more than the user's share
    [InlineData(1290)] // a read-only server
    [InlineData(1317)] // a cancelled statement
    [InlineData(3024)] // a statement over its time
    public void What_stays_is_not_tried_again(int number) => MySqlFaults.Classify(Server(number)).ShouldBe(FaultCause.None);

    [Fact]
    public void A_broken_connection_is_tried_again()
    {
        MySqlFaults.Classify(new SocketException((int)SocketError.ConnectionRefused)).ShouldBe(FaultCause.Connection);
        MySqlFaults.Classify(Server(0, new EndOfStreamException())).ShouldBe(FaultCause.Connection);
        MySqlFaults.Classify(Server(0, new SocketException((int)SocketError.ConnectionReset))).ShouldBe(FaultCause.Connection);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_tried_again()
    {
        // Port 1 is nobody's.
        await using var connection = new MySqlConnection("Server=127.0.0.1;Port=1;User ID=nobody;Pooling=False");

        var exception = await Should.ThrowAsync<MySqlException>(connection.OpenAsync(TestContext.Current.CancellationToken));

        MySqlFaults.Classify(exception).ShouldBe(FaultCause.Connection);
    }

    [Fact]
    public void A_defect_of_ours_is_not_tried_again() => MySqlFaults.Classify(new InvalidOperationException()).ShouldBe(FaultCause.None);

    /// <summary>The driver keeps its constructors to itself.</summary>
    private static MySqlException Server(int number, Exception? inner = null) => (MySqlException)typeof(MySqlException)
        .GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic, [typeof(MySqlErrorCode), typeof(string), typeof(Exception)])!
        .Invoke([(MySqlErrorCode)number, "message", inner]);
}
