using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Server;

/// <summary>What every kind of server is checked for.</summary>
internal static class ServerChecks
{
    private static readonly string[] SuspectNames = ["prod", "production", "live"];

    public static ConcurrentTestException RefusedLogin(string server, string? user, string message, Exception exception) =>
        new(
            ConcurrentTestExitCode.BadSettings,
            $"{server} refuses user '{user}': {message}; correct the user or the password in NUKE_TEST_CONNECTION_STRING",
            exception);

    /// <summary>A pooler between us and the server would give our sessions, with their locks, to others.</summary>
    /// <param name="own">Our session as the driver was told of it.</param>
    /// <param name="answered">The session that answers.</param>
    public static void RequireDirectConnection(int own, int answered, string address, string itself)
    {
        if (own != answered)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Refused,
                $"{address} is a connection pooler, which cannot hold a run's locks; connect to {itself} itself");
        }
    }

    public static ConcurrentTestException NoSuchSource(ExistingDatabaseStep source, string address) =>
        new(ConcurrentTestExitCode.BadSettings, $"--test-template 'db:{source.Name}': there is no such database at {address}");

    public static void WarnOfNames(IEnumerable<string> databases, string server, Guards guards)
    {
        foreach (var name in databases.Where(
            name => SuspectNames.Any(suspect => name.Split('_', '-', '.').Contains(suspect, StringComparer.OrdinalIgnoreCase))))
            guards.Warn($"{server} has a database '{name}': is it a server for tests?");
    }
}
