using System.Text.Json;
using ConcurrentTesting.Record;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Record;

/// <summary>With messages that the frameworks wrote: xunit 2.9.3, xunit.v3 4.0.2, NUnit 3.14.0 and 5.0.0, MSTest 4.5.2, Npgsql 10.0.3, MySqlConnector 2.6.2, Shouldly 4.2.1.</summary>
public class InfrastructureFaultTests
{
    // What the infrastructure ended, as the tests are named whose messages are in the asset; every other one failed by itself, most by an assertion that quotes such an exception.
    private static readonly string[] Infrastructure =
    [
        "MySql", "Npg", "Row1", "State", "Async", "Declared", "Aggregate", "AggregateOfTwo", "Update", "Retry", "Invocation", "Initializer", "InCtor", "InDispose", "ThrewAndDispose",
        "ClassFixture", "AsyncClassFixture", "CollectionFixture", "InSetUp", "InTearDown", "ThrewAndTearDown", "Both", "InOneTimeSetUp", "InSetUpFixture", "FromSource",
        "MultipleOnlyThrew", "InInitialize", "InInitializeWrapped", "InCleanup", "ThrewAndCleanup", "InClassInitialize", "InAssemblyInitialize", "ClassCleanClassCleanup",
    ];

    public static TheoryData<string, string> Failures() => [.. Read().Select(failure => (failure.Framework, failure.Test))];

    [Theory]
    [MemberData(nameof(Failures))]
    public void The_exception_that_ended_the_test_decides(string framework, string test)
    {
        var message = Read().First(failure => failure.Framework == framework && failure.Test == test).Message;

        // Of several, MSTest names the first alone.
        var isInfrastructure = Infrastructure.Contains(test) && (framework, test) != ("MSTest", "AggregateOfTwo");

        var cause = InfrastructureFault.CauseOf(message, DatabaseEngine.PostgreSql) ?? InfrastructureFault.CauseOf(message, DatabaseEngine.MySql);

        (cause is not null).ShouldBe(isInfrastructure, message);
    }

    [Theory]
    [InlineData("Npgsql.PostgresException : 57P01: terminating connection", "server-restart")]
    [InlineData("Npgsql.PostgresException : 53300: too many clients", "too-many-connections")]
    [InlineData("Npgsql.PostgresException : 08006: gone", "connection")]
    [InlineData("Npgsql.PostgresException : 23505: duplicate key", null)]
    [InlineData("Npgsql.NpgsqlException : Exception while reading from stream\n---- System.IO.EndOfStreamException : Attempted to read past the end of the stream.", "connection")]
    [InlineData("Npgsql.NpgsqlException : The connection pool has been exhausted", null)]
    [InlineData("My.Tests+ConcurrentTestInfrastructureException : gone", "declared")]
    [InlineData("ConcurrentTestInfrastructureException: gone", "declared")]
    [InlineData("System.Exception : ConcurrentTestInfrastructureException : gone", null)]
    [InlineData("Expected: ConcurrentTestInfrastructureException", null)]
    [InlineData("", null)]
    [InlineData(null, null)]
    public void A_cause_has_its_name(string? message, string? cause) => InfrastructureFault.CauseOf(message, DatabaseEngine.PostgreSql).ShouldBe(cause);

    [Theory]
    [InlineData("MySqlConnector.MySqlException : Too many connections", "too-many-connections")]
    [InlineData("MySqlConnector.MySqlException : Server shutdown in progress", "connection")]
    [InlineData("MySqlConnector.MySqlException : Duplicate entry '1' for key 'PRIMARY'", null)]
    public void A_cause_of_MySQL_has_its_name(string message, string? cause) => InfrastructureFault.CauseOf(message, DatabaseEngine.MySql).ShouldBe(cause);

    private static Failure[] Read() => JsonSerializer.Deserialize<Failure[]>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Record", "Assets", "failures.json")), JsonSerializerOptions.Web)!;

    private sealed record Failure(string Framework, string Test, string Message);
}
