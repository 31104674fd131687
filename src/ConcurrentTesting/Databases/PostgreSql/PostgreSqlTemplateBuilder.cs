using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using Npgsql;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>
/// Makes a template database and seals it: nobody may connect any more, so that no session is ever in a clone's way. The seal is the completion mark too: a
/// template without it is half-built.
/// </summary>
internal sealed class PostgreSqlTemplateBuilder(
    PostgreSqlAdmin admin, PostgreSqlServerFacts facts, PostgreSqlSessions sessions, TemplateConfinement confinement, ConcurrentTestSettings settings, string runId,
    Redactor secrets, ILogger logger)
{
    private static readonly TimeSpan ShortFarewell = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(5);

    /// <param name="creation">What follows <c>CREATE DATABASE name</c> for this server: its strategy.</param>
    /// <param name="isShared">The template is kept, and other roles may copy it.</param>
    public async Task BuildAsync(TemplateSource source, string name, string creation, bool isShared, CancellationToken cancellationToken)
    {
        if (confinement.IsFor(source, facts.MayMakeRoles))
        {
            await BuildConfinedAsync(source, name, creation, isShared, cancellationToken);
            return;
        }

        await CreateAsync(source, name, creation, cancellationToken);
        await TakeAllAsync(source, name, null, [], cancellationToken);
        await SealAsync(name, isShared, cancellationToken);
    }

    /// <summary>By a role that reaches nothing else.</summary>
    private async Task BuildConfinedAsync(TemplateSource source, string name, string creation, bool isShared, CancellationToken cancellationToken)
    {
        var account = TemplateAccount.Of(runId);
        var role = new PostgreSqlTemplateRole(admin, facts, sessions, secrets, logger);
        try
        {
            await role.CreateAsync(account, cancellationToken);
            await admin.ExecuteAsync($"CREATE DATABASE {Quote(name)} TEMPLATE template0 OWNER {Quote(account.Name)}{creation}", cancellationToken);
            if (await role.TryLogInAsync(account, name, cancellationToken) is { } reason)
            {
                await confinement.GiveUpAsync(source, facts.User, reason, cancellationToken);
                await admin.ExecuteAsync($"ALTER DATABASE {Quote(name)} OWNER TO {Quote(facts.User)}", cancellationToken);
                await TakeAllAsync(source, name, null, [], cancellationToken);
            }
            else
            {
                var held = new List<PostgreSqlHeldStatements.Held>();
                await TakeAllAsync(source, name, account, held, cancellationToken);
                await EndSessionsAsync(name, cancellationToken);
                await role.HandOverAsync(account, name, held, cancellationToken);
            }

            await SealAsync(name, isShared, cancellationToken);
        }
        catch
        {
            // With the database, as far as it is still the role's.
            await role.DropAsync(account.Name, CancellationToken.None);
            throw;
        }

        await role.DropAsync(account.Name, CancellationToken.None);
    }

    private async Task TakeAllAsync(
        TemplateSource source, string name, TemplateAccount? account, ICollection<PostgreSqlHeldStatements.Held> held, CancellationToken cancellationToken)
    {
        await MakeExtensionsAsync(source, name, cancellationToken);
        foreach (var step in source.Steps)
        {
            if (account is null || step is SqlFileStep)
            {
                await TakeAsync(step, source.Database, name, account, held, cancellationToken);
                continue;
            }

            await confinement.ExplainAsync(
                step,
                source.Database,
                () => TakeAsync(step, source.Database, name, account, held, cancellationToken),
                exception => exception is PostgresException { SqlState: PostgreSqlFaults.InsufficientPrivilege });
        }
    }

    private async Task MakeExtensionsAsync(TemplateSource source, string name, CancellationToken cancellationToken)
    {
        if (settings.TemplateExtensions.Length == 0)
            return;
        var scripts = await Task.WhenAll(source.Steps.OfType<SqlFileStep>().Select(script => File.ReadAllTextAsync(script.Path, cancellationToken)));
        await using var session = await admin.OpenSessionAsync(name, cancellationToken);
        await PostgreSqlExtensions.MakeNamedAsync(
            session, settings.TemplateExtensions.Where(extension => !scripts.Any(script => PostgreSqlExtensions.IsMadeBy(script, extension))), cancellationToken);
    }

    private async Task CreateAsync(TemplateSource source, string name, string creation, CancellationToken cancellationToken)
    {
        if (source.Steps.OfType<ExistingDatabaseStep>().FirstOrDefault() is not { } existing)
        {
            // template1 is whatever somebody made of it; template0 is the same everywhere, and never has sessions.
            await admin.ExecuteAsync($"CREATE DATABASE {Quote(name)} TEMPLATE template0{creation}", cancellationToken);
            return;
        }

        var properties = await PostgreSqlDatabaseProperties.ReadAsync(admin, existing.Name, cancellationToken);
        await admin.ExecuteAsync(
            $"CREATE DATABASE {Quote(name)} TEMPLATE {Quote(existing.Name)} OWNER {Quote(properties.Owner)}{creation}", cancellationToken);
        await admin.ExecuteAsync([.. properties.StatementsFor(name)], cancellationToken);
    }

    private async Task TakeAsync(
        TemplateStep step,
        string database,
        string name,
        TemplateAccount? account,
        ICollection<PostgreSqlHeldStatements.Held> held,
        CancellationToken cancellationToken)
    {
        switch (step)
        {
            case SqlFileStep script:
                logger.LogDebug("Executing {Script}", script.Name);
                await ExecuteAsync(script, name, account, held, cancellationToken);
                break;
            case CommandStep command:
                await new TemplateCommand(settings, secrets, logger)
                    .RunAsync(command.CommandLine, database, LeaseEnvironment.OfTemplate(settings, runId, database, admin.ConnectionTo(name, account)), cancellationToken);
                await RequireContentAsync(command, name, cancellationToken);
                break;
            case HookStep { Hook: var hook }:
                await hook.RunAsync(database, admin.ConnectionTo(name, account).ConnectionString, cancellationToken);
                break;
        }
    }

    private async Task ExecuteAsync(
        SqlFileStep script, string name, TemplateAccount? account, ICollection<PostgreSqlHeldStatements.Held> held, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenByteSessionAsync(name, cancellationToken, account);
        await PostgreSqlAdmin.ExecuteAsync(session, "SET synchronous_commit = off; SET client_min_messages = warning", cancellationToken);
        if (account is null)
        {
            await new PostgreSqlScript(session, script).ExecuteAsync(cancellationToken);
            return;
        }

        await using var own = await admin.OpenSessionAsync(name, cancellationToken);
        // The script's own open transaction could be in the way for ever.
        await PostgreSqlAdmin.ExecuteAsync(own, "SET search_path = pg_catalog; SET lock_timeout = '30s'; SET client_min_messages = error", cancellationToken);
        var others = new PostgreSqlHeldStatements(session, own, account, facts.User, settings, held);
        await new PostgreSqlScript(session, script, others, confinement.Refuse).ExecuteAsync(cancellationToken);
    }

    private async Task RequireContentAsync(CommandStep command, string name, CancellationToken cancellationToken)
    {
        const string Question =
            """
            SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                           WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')
            """;
        await using var session = await admin.OpenSessionAsync(name, cancellationToken);
        var hasContent = await QueryAsync(session, Question, row => row.GetBoolean(0), cancellationToken);
        if (!hasContent[0])
            throw TemplateCommand.MadeNothing(secrets.Redact(command.CommandLine), settings);
    }

    private async Task SealAsync(string name, bool isShared, CancellationToken cancellationToken)
    {
        await admin.ExecuteAsync($"ALTER DATABASE {Quote(name)} WITH ALLOW_CONNECTIONS false{(isShared ? " IS_TEMPLATE true" : "")}", cancellationToken);
        await EndSessionsAsync(name, cancellationToken);
    }

    private async Task EndSessionsAsync(string name, CancellationToken cancellationToken)
    {
        // Our own last session takes a moment to go.
        if (await sessions.WaitUntilLeftAsync(name, ShortFarewell, cancellationToken))
            return;
        var ended = await sessions.EndAsync(name, cancellationToken);
        if (ended == 0)
            return;
        logger.LogWarning("Sessions were still in the finished template {Name} and were ended ({Count}): what built it has left a process or a connection behind", name, ended);
        await sessions.WaitUntilLeftAsync(name, LongestFarewell, cancellationToken);
    }
}
