using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Databases.Cleaning;

/// <summary>Chooses the inventory of the server that the settings name.</summary>
internal static class ServerInventories
{
    /// <returns>Null where no server is named.</returns>
    /// <exception cref="ConcurrentTestException">The connection string cannot be read, or the server may be anybody's.</exception>
    public static async Task<ServerInventory?> OpenAsync(ConcurrentTestSettings settings, Guards guards, Redactor secrets, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        if (settings.ConnectionString is not { } connectionString)
            return null;
        switch (settings.Database)
        {
            case DatabaseEngine.PostgreSql:
                var admin = PostgreSqlAdmin.Create(connectionString);
                await ServerHost.CheckAsync(admin.Host, settings, guards, cancellationToken);
                return new PostgreSqlInventory(admin, secrets, logger, time);
            case DatabaseEngine.MySql:
                var mySql = MySqlAdmin.Create(connectionString);
                await ServerHost.CheckAsync(mySql.Host, settings, guards, cancellationToken);
                return new MySqlInventory(mySql, secrets, logger, time);
            default:
                return null;
        }
    }
}
