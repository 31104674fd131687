using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>One template under construction. Nobody may connect to it once it is sealed, so that no session is ever in a clone's way. The
/// seal is the completion mark too: a template without it is half-built.</summary>
/// <param name="creation">What follows <c>CREATE DATABASE name</c> for this server: its strategy.</param>
internal sealed class PostgreSqlTemplateWork(
    PostgreSqlAdmin admin,
    PostgreSqlServerFacts facts,
    PostgreSqlSessions sessions,
    ServerContext context,
    TemplateSource source,
    string name,
    string creation) : ITemplateWork
{
    private static readonly TimeSpan ShortFarewell = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(5);

    private readonly PostgreSqlTemplateRole _role = new(admin, facts, context.Secrets, context.Logger);
    private readonly List<PostgreSqlHeldStatements.Held> _held = [];

    public ImmutableArray<string> OpenToAll => [];

    public async Task CreateAsync(CancellationToken cancellationToken)
    {
        if (source.Steps.OfType<ExistingDatabaseStep>().FirstOrDefault() is not { } existing)
        {
            // template1 may have been changed by anybody; template0 is the same everywhere, and never has sessions.
            await admin.ExecuteAsync($"CREATE DATABASE {Quote(name)} TEMPLATE template0{creation}", cancellationToken);
        }
        else
        {
            var properties = await PostgreSqlDatabaseProperties.ReadAsync(admin, existing.Name, cancellationToken);
            await admin.ExecuteAsync(
                $"CREATE DATABASE {Quote(name)} TEMPLATE {Quote(existing.Name)} OWNER {Quote(properties.Owner)}{creation}",
                cancellationToken);
            await admin.ExecuteAsync([.. properties.RightsFor(name)], cancellationToken);
            foreach (var (setting, statement) in properties.Settings.Zip(properties.SettingsFor(name)))
                await TakeSettingAsync(setting.Name, statement, cancellationToken);
        }

        await MakeExtensionsAsync(cancellationToken);
    }

    public async Task<string?> CreateAsync(TemplateAccount account, CancellationToken cancellationToken)
    {
        await _role.CreateAsync(account, cancellationToken);
        await admin.ExecuteAsync(
            $"CREATE DATABASE {Quote(name)} TEMPLATE template0 OWNER {Quote(account.Name)}{creation}", cancellationToken);
        var reason = await _role.TryLogInAsync(account, name, cancellationToken);
        if (reason is not null)
            await admin.ExecuteAsync($"ALTER DATABASE {Quote(name)} OWNER TO {Quote(facts.User)}", cancellationToken);
        await MakeExtensionsAsync(cancellationToken);
        return reason;
    }

    public async Task ExecuteAsync(
        SqlFileStep script, TemplateAccount? account, Action<string, string, string>? refuse, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenByteSessionAsync(name, cancellationToken, account);
        await session.ExecuteAsync("SET synchronous_commit = off; SET client_min_messages = warning", cancellationToken);
        if (account is null)
        {
            await new PostgreSqlScript(session, script).ExecuteAsync(cancellationToken);
            return;
        }

        await using var own = await admin.OpenSessionAsync(name, cancellationToken);
        // An open transaction of the script itself could block this statement for ever.
        await own.ExecuteAsync(
            "SET search_path = pg_catalog; SET lock_timeout = '30s'; SET client_min_messages = error", cancellationToken);
        var others = new PostgreSqlHeldStatements(session, own, account, facts.User, context.Settings, _held);
        await new PostgreSqlScript(session, script, others, refuse).ExecuteAsync(cancellationToken);
    }

    public async Task<bool> HasContentAsync(CancellationToken cancellationToken)
    {
        const string Question =
            """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                           WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
            """;
        await using var session = await admin.OpenSessionAsync(name, cancellationToken);
        return (await session.QueryAsync(Question, row => row.GetBoolean(0), cancellationToken))[0];
    }

    public bool IsDenied(Exception exception) => exception is PostgresException { SqlState: PostgreSqlFaults.InsufficientPrivilege };

    public async Task<int> SealAsync(
        TemplateAccount? account,
        bool isCached,
        DateTimeOffset now,
        Func<CancellationToken, Task> requireLock,
        CancellationToken cancellationToken)
    {
        var ended = 0;
        if (account is not null)
        {
            ended += await EndSessionsAsync(cancellationToken);
            await _role.HandOverAsync(account, name, _held, cancellationToken);
        }

        await requireLock(cancellationToken);
        await admin.ExecuteAsync(
            $"ALTER DATABASE {Quote(name)} WITH ALLOW_CONNECTIONS false{(isCached ? " IS_TEMPLATE true" : "")}", cancellationToken);
        return ended + await EndSessionsAsync(cancellationToken);
    }

    /// <summary>Some settings only a superuser gives a database, and those of a role only who may alter the role.</summary>
    private async Task TakeSettingAsync(string setting, string statement, CancellationToken cancellationToken)
    {
        try
        {
            await admin.ExecuteAsync(statement, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgreSqlFaults.InsufficientPrivilege)
        {
            context.Logger.LogWarning(
                "The setting {Setting} of the copied database does not apply to the workers' databases: {Reason}", setting,
                exception.MessageText);
        }
    }

    private async Task MakeExtensionsAsync(CancellationToken cancellationToken)
    {
        if (context.Settings.TemplateExtensions.Length == 0)
            return;
        var scripts = await Task.WhenAll(
            source.Steps.OfType<SqlFileStep>().Select(script => File.ReadAllTextAsync(script.Path, cancellationToken)));
        var unmade = context.Settings.TemplateExtensions
            .Where(extension => !scripts.Any(script => PostgreSqlExtensions.IsMadeBy(script, extension)));
        await using var session = await admin.OpenSessionAsync(name, cancellationToken);
        await PostgreSqlExtensions.MakeNamedAsync(session, unmade, cancellationToken);
    }

    private async Task<int> EndSessionsAsync(CancellationToken cancellationToken)
    {
        // Our own last session takes a moment to end.
        if (await sessions.WaitUntilLeftAsync(name, ShortFarewell, cancellationToken))
            return 0;
        var ended = await sessions.EndAsync(name, cancellationToken);
        if (ended > 0)
            await sessions.WaitUntilLeftAsync(name, LongestFarewell, cancellationToken);
        return ended;
    }
}
