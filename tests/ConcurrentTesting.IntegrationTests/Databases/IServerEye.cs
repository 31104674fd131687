using System.Data.Common;
using ConcurrentTesting.Databases.Server;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>An administrator's eye on a server, and what the contract's tests ask or do there in its own words.</summary>
internal interface IServerEye
{
    DatabaseEngine Engine { get; }

    /// <summary>The folder of the programs that the tests are for; null: what is installed.</summary>
    string? Binaries { get; }

    /// <summary>Where an administrator connects to.</summary>
    string AdminDatabase { get; }

    /// <summary>A query for the names of all databases, in a column <c>name</c>.</summary>
    string Databases { get; }

    Task<string> ConnectionStringAsync();

    DbConnection Connect(string connectionString);

    /// <summary>A pooler before the server, and the connection string that leads to it.</summary>
    Task<(Pooler Pooler, string ConnectionString)> PoolAsync();

    string Sleep(double seconds);

    /// <summary>A query for the template in which a session executes a statement.</summary>
    string BuildingBy(string statement);

    /// <summary>A query for the sessions inside a database.</summary>
    string Inside(string database);

    /// <summary>A query for the session that holds a lock.</summary>
    string Holder(LockName name);

    string End(object session);

    /// <summary>Leaves a template as a builder does that dies before it seals.</summary>
    string Unseal(string template);

    /// <summary>Makes a template one that was used last on the first of January.</summary>
    string Age(string template, int year);

    /// <summary>A command's line that makes a table <c>book</c> in the database that its environment names.</summary>
    string Migration { get; }

    /// <summary>A query that is 1 once a table that is made now is younger than those of a clone.</summary>
    string IsLaterThan(string clone);

    /// <summary>A query for the folder of the server's data.</summary>
    string DataFolder { get; }

    /// <summary>A query for what a throwaway server has set so that it is quick and nobody else reaches it, and the answer.</summary>
    (string Query, string Answer) Private { get; }

    /// <summary>The programs that a throwaway server needs.</summary>
    string Programs { get; }
}
