using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Sqlite;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Throwaway;

namespace ConcurrentTesting.Databases;

/// <summary>Chooses the engine, and whether it works on the user's server or on throwaway ones.</summary>
internal static class DatabaseEngines
{
    /// <returns>Null where the run has no databases.</returns>
    /// <exception cref="ConcurrentTestException">The settings do not go together.</exception>
    public static IDatabaseEngine? Create(
        ConcurrentTestSettings settings,
        string runId,
        ImmutableArray<TemplateSource> sources,
        Guards guards,
        Redactor secrets,
        ILogger logger,
        TimeProvider time)
    {
        RequireSense(settings, sources);
        WarnOfUseless(settings, logger);
        if (ServerKind.Of(settings.Database) is not { } kind)
        {
            return settings.Database switch
            {
                DatabaseEngine.Sqlite => new SqliteEngine(settings, runId, secrets, logger, time),
                DatabaseEngine.None => None(settings, logger),
                _ => throw new ConcurrentTestException(
                    ConcurrentTestExitCode.BadSettings, $"--test-database {settings.Database}: not known here"),
            };
        }

        // A throwaway server's whole directory is cached, so templates on it always stay in it.
        return settings.ConnectionString is { } given
            ? On(given, settings, isOurs: false)
            : new ThrowawayEngine(
                kind.Name,
                settings,
                runId,
                token => kind.FindAsync(settings, token),
                connectionString => On(connectionString, settings with { TemplateCache = true }, isOurs: true),
                kind.Classify,
                logger,
                time);

        ServerEngine On(string connectionString, ConcurrentTestSettings its, bool isOurs)
        {
            var context = new ServerContext(its, runId, isOurs, sources, guards, secrets, logger, time);
            var dialect = kind.Connect(connectionString, context);
            // The run makes the connection string of a throwaway server itself.
            secrets.Register(dialect.ConnectionTo("").Password);
            return new ServerEngine(dialect, context);
        }
    }

    // C# of a build may set either for several runs; on the command line it is an oversight that all workers would pay for.
    private static IDatabaseEngine? None(ConcurrentTestSettings settings, ILogger logger)
    {
        var given = settings.ConnectionString is not null ? "a connection string" : !settings.Template.IsEmpty ? "a template" : null;
        if (given is not null)
        {
            logger.LogWarning(
                "There is {Given} but no --test-database: the run makes no databases, and all workers share what the tests connect to by themselves",
                given);
        }

        return null;
    }

    private static void RequireSense(ConcurrentTestSettings settings, ImmutableArray<TemplateSource> sources)
    {
        if (settings.Isolation == DatabaseIsolation.Server)
            RequireServers(settings);
        if (settings.Database != DatabaseEngine.PostgreSql && !settings.TemplateExtensions.IsEmpty)
        {
            throw Wrong(
                $"--test-template-extensions {settings.TemplateExtensions[0]}: only PostgreSQL has them, so it needs --test-database postgresql");
        }

        if (settings.Database == DatabaseEngine.Sqlite && !settings.DatabaseSettings.IsEmpty)
        {
            throw Wrong(
                $"--test-database-settings {settings.DatabaseSettings[0]}: an SQLite database keeps no settings for its sessions; give options in --test-connection-string (Foreign Keys=True)");
        }

        var existing = sources.SelectMany(source => source.Steps).OfType<ExistingDatabaseStep>().FirstOrDefault();
        var isThrowaway = settings.Database is DatabaseEngine.PostgreSql or DatabaseEngine.MySql && settings.ConnectionString is null;
        if (existing is not null && isThrowaway)
            throw Wrong($"--test-template 'db:{existing.Name}' needs the server that has this database: give NUKE_TEST_CONNECTION_STRING");
    }

    private static void RequireServers(ConcurrentTestSettings settings)
    {
        if (settings.Database is DatabaseEngine.None or DatabaseEngine.Sqlite)
            throw Wrong("--test-isolation server needs --test-database postgresql or mysql");
        if (settings.ConnectionString is not null)
            throw Wrong("--test-isolation server starts servers of its own: leave --test-connection-string out");
    }

    // C# of a build may set these for several runs, some of which have a server.
    private static void WarnOfUseless(ConcurrentTestSettings settings, ILogger logger)
    {
        var startsServer = ServerKind.Of(settings.Database) is not null && settings.ConnectionString is null;
        if (startsServer || settings.Database == DatabaseEngine.None)
            return;
        var useless = settings.ServerListen == ServerListen.Tcp ? "--test-server-listen tcp"
            : settings.ServerBinaries is not null ? "--test-server-binaries" : null;
        if (useless is not null)
            logger.LogWarning("{Setting} changes nothing here: it is for throwaway servers, and this run starts none", useless);
    }

    private static ConcurrentTestException Wrong(string why) => new(ConcurrentTestExitCode.BadSettings, why);
}
