using ConcurrentTesting.Safety;
using Microsoft.Extensions.Logging;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Makes a template database, takes its events out, which must not fire there, and marks it as complete.</summary>
internal sealed class MySqlTemplateBuilder(
    MySqlAdmin admin, MySqlServerFacts facts, MySqlSessions sessions, ConcurrentTestSettings settings, string runId, Redactor secrets, ILogger logger, TimeProvider time)
{
    private readonly MySqlMark _mark = new(admin);

    /// <returns>What is in it.</returns>
    public async Task<MySqlDefinition> BuildAsync(TemplateSource source, string name, CancellationToken cancellationToken)
    {
        var events = await CreateAsync(source, name, cancellationToken);
        foreach (var step in source.Steps)
            await TakeAsync(step, source.Database, name, cancellationToken);
        return await SealAsync(name, events, cancellationToken);
    }

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

    private async Task TakeAsync(TemplateStep step, string database, string name, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case SqlFileStep script:
                logger.LogDebug("Executing {Script}", script.Name);
                await using (var session = await admin.OpenPlainSessionAsync(name, cancellationToken))
                    await new MySqlScript(session, script).ExecuteAsync(cancellationToken);
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

    private async Task<MySqlDefinition> SealAsync(string name, IReadOnlyList<MySqlObject> events, CancellationToken cancellationToken)
    {
        var ended = await sessions.EndAsync(name, cancellationToken);
        if (ended > 0)
            logger.LogWarning("{Count} sessions were still in the finished template {Name} and were ended: what built it has left a process or a connection behind", ended, name);
        var definition = await MySqlDefinitionReader.ReadAsync(admin, name, cancellationToken);
        definition = await new MySqlCopy(admin, facts, logger).WithoutStaleViewsAsync(definition, cancellationToken);
        foreach (var found in definition.Events)
            await admin.ExecuteAsync($"DROP EVENT {Quote(name)}.{Quote(found.Name)}", cancellationToken);
        definition = definition with { Events = [.. events, .. definition.Events] };
        await _mark.CompleteAsync(name, time.GetUtcNow(), definition.Events, cancellationToken);
        return definition;
    }
}
