using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using static ConcurrentTesting.Databases.PostgreSql.PostgreSqlAdmin;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>
/// Makes a template database and seals it: nobody may connect any more, so that no session is ever in a clone's way. The seal is the completion mark too: a
/// template without it is half-built.
/// </summary>
internal sealed class PostgreSqlTemplateBuilder(
    PostgreSqlAdmin admin, PostgreSqlSessions sessions, ConcurrentTestSettings settings, string runId, Redactor secrets, ILogger logger)
{
    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(5);

    /// <param name="creation">What follows <c>CREATE DATABASE name</c> for this server: its strategy.</param>
    /// <param name="isShared">The template is kept, and other roles may copy it.</param>
    public async Task BuildAsync(TemplateSource source, string name, string creation, bool isShared, CancellationToken cancellationToken)
    {
        await CreateAsync(source, name, creation, cancellationToken);
        foreach (var step in source.Steps)
            await TakeAsync(step, source.Database, name, cancellationToken);
        await SealAsync(name, isShared, cancellationToken);
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

    private async Task TakeAsync(TemplateStep step, string database, string name, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case SqlFileStep script:
                logger.LogDebug("Executing {Script}", script.Name);
                await ExecuteAsync(script, name, cancellationToken);
                break;
            case CommandStep command:
                await new TemplateCommand(settings, runId, secrets, logger)
                    .RunAsync(command.CommandLine, database, admin.ConnectionTo(name), cancellationToken);
                await RequireContentAsync(command, name, cancellationToken);
                break;
            case HookStep { Hook: var hook }:
                await hook.RunAsync(database, admin.ConnectionTo(name), cancellationToken);
                break;
        }
    }

    private async Task ExecuteAsync(SqlFileStep script, string name, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenByteSessionAsync(name, cancellationToken);
        await PostgreSqlAdmin.ExecuteAsync(session, "SET synchronous_commit = off; SET client_min_messages = warning", cancellationToken);
        await new PostgreSqlScript(session, script).ExecuteAsync(cancellationToken);
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
        var ended = await sessions.EndAsync(name, cancellationToken);
        if (ended == 0)
            return;
        logger.LogWarning("{Count} sessions were still in the finished template {Name} and were ended: what built it has left a process or a connection behind", ended, name);
        await sessions.WaitUntilLeftAsync(name, LongestFarewell, cancellationToken);
    }
}
