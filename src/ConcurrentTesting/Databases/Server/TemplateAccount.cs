using System.Security.Cryptography;

namespace ConcurrentTesting.Databases.Server;

/// <summary>The account that builds a template on a server of others: it has rights on that one database and goes when the template is
/// built.</summary>
/// <param name="Name">
/// Says whose it is, as a database's does (<see cref="OwnDatabaseName"/>); at most 32 characters, which is MySQL's limit.
/// </param>
internal sealed record TemplateAccount(string Name, string Password)
{
    public static TemplateAccount Of(string runId) =>
        // The last characters satisfy servers that require one of each kind.
        new(OwnDatabaseName.OfRun(runId, "b").ToString(), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(20)) + "-Aa1");

    /// <summary>Leaves out the password.</summary>
    public override string ToString() => Name;
}
