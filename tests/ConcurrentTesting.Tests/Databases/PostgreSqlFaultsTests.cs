using System.Net.Sockets;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Record;
using Npgsql;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Databases;

public sealed class PostgreSqlFaultsTests
{
    [Theory]
    [InlineData("08006", nameof(FaultCause.Connection))]
    [InlineData("57P01", nameof(FaultCause.ServerNotReady))]
    [InlineData("57P03", nameof(FaultCause.ServerNotReady))]
    [InlineData("53300", nameof(FaultCause.ServerFull))]
    [InlineData("55006", nameof(FaultCause.Busy))]
    [InlineData("55P03", nameof(FaultCause.Busy))]
    [InlineData("40001", nameof(FaultCause.Conflict))]
    [InlineData("40P01", nameof(FaultCause.Conflict))]
    public void What_passes_is_tried_again(string state, string cause) => PostgreSqlFaults.Classify(Server(state)).ToString().ShouldBe(cause);

    [Theory]
    [InlineData("28P01")] // a wrong password
    [InlineData("42501")] // a missing right
    [InlineData("3D000")] // no such database
    [InlineData("42601")] // a syntax error
    [InlineData("23505")] // a duplicate key
    [InlineData("53100")] // a full disk
    [InlineData("57014")] // a cancelled statement
    [InlineData("XX000")]
    public void What_stays_is_not_tried_again(string state) => PostgreSqlFaults.Classify(Server(state)).ShouldBe(FaultCause.None);

    [Fact]
    public void A_broken_connection_is_tried_again() =>
        PostgreSqlFaults.Classify(new NpgsqlException("", new SocketException((int)SocketError.ConnectionRefused))).ShouldBe(FaultCause.Connection);

    [Fact]
    public void Two_sessions_at_one_catalog_row_are_a_conflict() =>
        PostgreSqlFaults.Classify(new PostgresException("tuple concurrently updated", "ERROR", "ERROR", "XX000")).ShouldBe(FaultCause.Conflict);

    [Fact]
    public void A_defect_of_ours_is_not_tried_again() => PostgreSqlFaults.Classify(new InvalidOperationException()).ShouldBe(FaultCause.None);

    private static PostgresException Server(string state) => new("message", "ERROR", "ERROR", state);
}
