using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Throwaway;

namespace ConcurrentTesting.Databases;

/// <summary>Everything that one kind of server needs; a new kind is a row here.</summary>
/// <param name="Connect">Makes the dialect for a connection string, which is an administrator's and names no database.</param>
/// <param name="FindAsync">Finds the programs for a throwaway server.</param>
/// <param name="Classify">Tells which of its errors pass when tried again.</param>
internal sealed record ServerKind(
    string Name,
    Func<string, ServerContext, IServerDialect> Connect,
    Func<ConcurrentTestSettings, CancellationToken, Task<IServerProduct>> FindAsync,
    Func<Exception, FaultCause> Classify)
{
    /// <returns>Null where an engine is no server.</returns>
    public static ServerKind? Of(DatabaseEngine engine) => engine switch
    {
        DatabaseEngine.PostgreSql => new ServerKind(
            "postgresql",
            (connectionString, context) => new PostgreSqlDialect(PostgreSqlAdmin.Create(connectionString), context),
            async (settings, token) => await PostgreSqlProduct.FindAsync(settings.ServerBinaries, token, settings.ServerListen),
            PostgreSqlFaults.Classify),
        DatabaseEngine.MySql => new ServerKind(
            "mysql",
            (connectionString, context) => new MySqlDialect(MySqlAdmin.Create(connectionString), context),
            async (settings, token) => await MySqlProduct.FindAsync(settings.ServerBinaries, token),
            MySqlFaults.Classify),
        _ => null,
    };
}
