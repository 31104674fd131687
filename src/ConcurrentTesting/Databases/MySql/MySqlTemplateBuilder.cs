using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Makes a template database, takes its events out, which must not fire there, and marks it as complete.</summary>
internal sealed class MySqlTemplateBuilder(
    MySqlAdmin admin, MySqlServerFacts facts, MySqlSessions sessions, TemplateConfinement confinement, ConcurrentTestSettings settings, string runId, Redactor secrets,
    ILogger logger, TimeProvider time)
{
    private readonly MySqlMark _mark = new(admin);

    /// <returns>What is in it.</returns>
    public async Task<MySqlDefinition> BuildAsync(TemplateSource source, string name, CancellationToken cancellationToken)
    {
        if (confinement.IsFor(source, facts.MayMakeAccounts))
            return await BuildConfinedAsync(source, name, cancellationToken);
        var events = await CreateAsync(source, name, cancellationToken);
        foreach (var step in source.Steps)
            await TakeAsync(step, source.Database, name, null, null, cancellationToken);
        return await SealAsync(name, events, null, cancellationToken);
    }

    /// <summary>By an account that reaches nothing else.</summary>
    private async Task<MySqlDefinition> BuildConfinedAsync(TemplateSource source, string name, CancellationToken cancellationToken)
    {
        var account = TemplateAccount.Of(runId);
        var user = new MySqlTemplateUser(admin, secrets, logger);
        try
        {
            await CreateAsync(source, name, cancellationToken);
            if (await user.TryCreateAsync(account, name, cancellationToken) is { } reason)
            {
                await confinement.GiveUpAsync(source, facts.User, reason, cancellationToken);
                foreach (var step in source.Steps)
                    await TakeAsync(step, source.Database, name, null, null, cancellationToken);
                return await SealAsync(name, [], null, cancellationToken);
            }

            if (user.OpenToAll.Length > 0)
                await confinement.CheckWordsTooAsync(source, user.OpenToAll, cancellationToken);
            var definers = new MySqlDefiners();
            foreach (var step in source.Steps)
                await TakeConfinedAsync(step, source.Database, name, account, definers, cancellationToken);
            return await SealAsync(name, [], found => found.Definer == MySqlTemplateUser.Definer(account) ? definers.Of(found) ?? facts.User : found.Definer, cancellationToken);
        }
        finally
        {
            await user.DropAsync(account.Name, CancellationToken.None);
        }
    }

    private Task TakeConfinedAsync(TemplateStep step, string database, string name, TemplateAccount account, MySqlDefiners definers, CancellationToken cancellationToken) =>
        step is SqlFileStep
            ? TakeAsync(step, database, name, account, definers, cancellationToken)
            : confinement.ExplainAsync(step, database, () => TakeAsync(step, database, name, account, definers, cancellationToken), MySqlFaults.IsDenied);

    /// <returns>The events of the database that it is a copy of.</returns>
    private async Task<IReadOnlyList<MySqlObject>> CreateAsync(TemplateSource source, string name, CancellationToken cancellationToken)
    {
        if (source.Steps.OfType<ExistingDatabaseStep>().FirstOrDefault() is not { } existing)
        {
            await admin.ExecuteAsync($"CREATE DATABASE {Quote(name)}", cancellationToken);
            return [];
        }

        var copy = new MySqlCopy(admin, facts, logger);
        var definition = await MySqlDefinitionReader.ReadAsync(admin, existing.Name, cancellationToken);
        new MySqlCopyWarnings(logger, facts).Warn(definition);
        definition = await copy.CopyAsync(definition, name, leavesOut: true, cancellationToken);
        await new MySqlComparison(admin, facts, copy).RequireSameAsync(definition with { Events = [] }, name, isQuiet: false, cancellationToken);
        return [.. definition.Events.Select(found => found with { Sql = copy.Statement(definition, found, name) })];
    }

    private async Task TakeAsync(
        TemplateStep step, string database, string name, TemplateAccount? account, MySqlDefiners? definers, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case SqlFileStep script:
                logger.LogDebug("Executing {Script}", script.Name);
                await using (var session = await admin.OpenPlainSessionAsync(name, cancellationToken, account))
                    await new MySqlScript(session, script, definers, definers is null ? null : confinement.Refuse).ExecuteAsync(cancellationToken);
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

    private async Task RequireContentAsync(CommandStep command, string name, CancellationToken cancellationToken)
    {
        var hasContent = await admin.QueryAsync(
            """
            SELECT EXISTS (SELECT 1 FROM information_schema.tables WHERE table_schema = @p0)
                OR EXISTS (SELECT 1 FROM information_schema.routines WHERE routine_schema = @p0)
            """,
            row => row.GetInt64(0) == 1,
            cancellationToken,
            name);
        if (!hasContent[0])
            throw TemplateCommand.MadeNothing(secrets.Redact(command.CommandLine), settings);
    }

    /// <param name="definerOf">Who is to define an object; null where all are as they should be.</param>
    private async Task<MySqlDefinition> SealAsync(
        string name, IReadOnlyList<MySqlObject> events, Func<MySqlObject, string>? definerOf, CancellationToken cancellationToken)
    {
        var ended = await sessions.EndAsync(name, cancellationToken);
        if (ended > 0)
            logger.LogWarning("Sessions were still in the finished template {Name} and were ended ({Count}): what built it has left a process or a connection behind", name, ended);
        var definition = await MySqlDefinitionReader.ReadAsync(admin, name, cancellationToken);
        var copy = new MySqlCopy(admin, facts, logger);
        definition = await copy.WithoutStaleViewsAsync(definition, cancellationToken);
        if (definerOf is not null && definition.Objects.Any())
            definition = await copy.GiveAwayAsync(definition, definerOf, cancellationToken);
        foreach (var found in definition.Events)
            await admin.ExecuteAsync($"DROP EVENT {Quote(name)}.{Quote(found.Name)}", cancellationToken);
        definition = definition with { Events = [.. events, .. definition.Events] };
        await _mark.CompleteAsync(name, time.GetUtcNow(), definition.Events, cancellationToken);
        return definition;
    }
}
