using System.Data.Common;

namespace ConcurrentTesting.Databases.Server;

/// <summary>What our own sessions have in common on every kind of server.</summary>
internal static class ServerSessions
{
    /// <summary>Opens a session and makes it ready; one that cannot be is disposed.</summary>
    public static async Task<T> OpenAsync<T>(T connection, CancellationToken cancellationToken, Func<T, Task>? prepare = null)
        where T : DbConnection
    {
        try
        {
            await connection.OpenAsync(cancellationToken);
            if (prepare is not null)
                await prepare(connection);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Reads the connection string that the user gave, by the driver's own rules.</summary>
    /// <param name="product">The server's name, as people write it.</param>
    /// <param name="form">How such a string is written.</param>
    /// <exception cref="ConcurrentTestException">It cannot be read.</exception>
    public static T Parse<T>(string connectionString, Func<string, T> read, string product, string form)
        where T : DbConnectionStringBuilder
    {
        try
        {
            return read(connectionString);
        }
        catch (Exception exception) when (exception is ArgumentException
            or FormatException or InvalidOperationException or KeyNotFoundException)
        {
            // The driver's message may quote a part of the string.
            var why = connectionString.Contains("://", StringComparison.Ordinal) ? "is a URI" : "cannot be read";
            throw Wrong(product, $"{why}; write it as {form}");
        }
    }

    public static ConcurrentTestException Wrong(string product, string why) =>
        new(ConcurrentTestExitCode.BadSettings, $"--test-connection-string for {product} {why}");
}
