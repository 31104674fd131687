using ConcurrentTesting.Databases.Server;
using MySqlConnector;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>The account that builds a template: all rights on that database, none elsewhere. It goes when the template is built.</summary>
internal sealed class MySqlTemplateUser(MySqlAdmin admin, Redactor secrets)
{
    private const string Host = "%";

    /// <summary>Databases that everybody may reach, as installations make one called test.</summary>
    public ImmutableArray<string> OpenToAll { get; private set; } = [];

    /// <summary>The definer as a catalog has it.</summary>
    public static string Definer(TemplateAccount account) => $"{account.Name}@{Host}";

    /// <summary>The caller finds out which of them have our names and belong to dead runs. None where the server does not list
    /// accounts.</summary>
    public static async Task<IReadOnlyList<string>> ListAsync(MySqlAdmin admin, CancellationToken cancellationToken)
    {
        try
        {
            return await admin.QueryAsync(
                $@"SELECT user FROM mysql.user WHERE user LIKE 'ct\\_r\\_%' AND host = '{Host}'", row => row.GetString(0),
                cancellationToken);
        }
        catch (MySqlException exception) when (MySqlFaults.IsDenied(exception))
        {
            return [];
        }
    }

    /// <returns>Why the account cannot be used here; null where it can.</returns>
    public async Task<string?> TryCreateAsync(TemplateAccount account, string database, CancellationToken cancellationToken)
    {
        try
        {
            await admin.ExecuteAsync($"CREATE USER {Quoted(account.Name)} IDENTIFIED BY {Literal(account.Password)}", cancellationToken);
            // In a name of a GRANT an underscore stands for any character.
            await admin.ExecuteAsync(
                $"GRANT ALL ON {Quote(database.Replace("_", "\\_", StringComparison.Ordinal))}.* TO {Quoted(account.Name)}",
                cancellationToken);
            await using var session = await admin.OpenPlainSessionAsync(database, cancellationToken, account);
            var reached = await session.QueryAsync(
                "SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('information_schema', 'performance_schema', ?)",
                row => row.GetString(0),
                cancellationToken,
                database);
            OpenToAll = [.. reached];
            return null;
        }
        catch (MySqlException exception) when (MySqlFaults.Classify(exception) == FaultCause.None)
        {
            return secrets.Redact(exception.Message);
        }
    }

    public Task DropAsync(string name, CancellationToken cancellationToken) =>
        admin.ExecuteAsync($"DROP USER IF EXISTS {Quoted(name)}", cancellationToken);

    private static string Quoted(string name) => $"{Quote(name)}@'{Host}'";
}
