using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Server;

/// <summary>A template that is to be made.</summary>
/// <param name="IsCached">It stays between runs.</param>
/// <param name="RequireLock">Throws where another run may have begun to build under the same name.</param>
/// <param name="RequireUnchanged">Throws where the template's name is that of what it was to be made of, and that has changed.</param>
internal sealed record NewTemplate(
    TemplateSource Source, string Name, bool IsCached, Func<CancellationToken, Task> RequireLock,
    Func<CancellationToken, Task> RequireUnchanged);

/// <summary>Makes a template's database step by step, by an account that reaches nothing else where that can be, and seals it.</summary>
internal sealed class ServerTemplateBuilder(
    IServerDialect dialect, OwnDatabases databases, TemplateConfinement confinement, ServerFacts facts, ServerContext context,
    NewTemplate template)
{
    private readonly ConcurrentTestSettings _settings = context.Settings;
    private readonly TemplateCommand _commands = new(context.Settings, context.Secrets, context.Logger);
    private readonly ITemplateWork _work = dialect.Build(template.Source, template.Name);

    public async Task BuildAsync(CancellationToken cancellationToken)
    {
        if (confinement.IsFor(template.Source, facts.MayMakeAccounts))
        {
            await BuildConfinedAsync(cancellationToken);
            return;
        }

        await _work.CreateAsync(cancellationToken);
        await FillAsync(null, cancellationToken);
    }

    private async Task BuildConfinedAsync(CancellationToken cancellationToken)
    {
        var account = TemplateAccount.Of(context.RunId);
        context.Secrets.Register(account.Password);
        // An earlier attempt may have left the account.
        await databases.DropAccountAsync(account.Name, null, cancellationToken);
        try
        {
            await FillAsync(await TryConfineAsync(account, cancellationToken) ? account : null, cancellationToken);
        }
        finally
        {
            // Dropping the account also drops what it still owns: the database, where the work was interrupted.
            await databases.DropAccountAsync(account.Name, null, CancellationToken.None);
        }
    }

    private async Task<bool> TryConfineAsync(TemplateAccount account, CancellationToken cancellationToken)
    {
        if (await _work.CreateAsync(account, cancellationToken) is { } reason)
        {
            await confinement.GiveUpAsync(template.Source, facts.User, reason, cancellationToken);
            return false;
        }

        if (_work.OpenToAll.Length > 0)
            await confinement.CheckWordsTooAsync(template.Source, _work.OpenToAll, cancellationToken);
        return true;
    }

    /// <summary>Takes all steps and seals what they made.</summary>
    private async Task FillAsync(TemplateAccount? account, CancellationToken cancellationToken)
    {
        foreach (var step in template.Source.Steps)
        {
            // The database of this name may be another run's by now.
            await template.RequireLock(cancellationToken);
            if (account is null || step is SqlFileStep)
                await TakeStepAsync(step);
            else
                await confinement.ExplainAsync(step, template.Source.Database, () => TakeStepAsync(step), _work.IsDenied);
        }

        await template.RequireUnchanged(cancellationToken);
        var ended = await _work.SealAsync(
            account, template.IsCached, context.Time.GetUtcNow(), template.RequireLock, cancellationToken);
        if (ended > 0)
        {
            context.Logger.LogWarning(
                "Sessions that were still connected to the finished template {Name} were ended ({Count}): what built it has left a process or a connection behind",
                template.Name,
                ended);
        }

        Task TakeStepAsync(TemplateStep step) => TakeAsync(step, account, cancellationToken);
    }

    private async Task TakeAsync(TemplateStep step, TemplateAccount? account, CancellationToken cancellationToken)
    {
        var database = template.Source.Database;
        var connection = dialect.ConnectionTo(template.Name, account);
        switch (step)
        {
            case SqlFileStep script:
                context.Logger.LogDebug("Executing {Script}", script.Name);
                await _work.ExecuteAsync(script, account, account is null ? null : confinement.Refuse, cancellationToken);
                break;
            case CommandStep command:
                var environment = LeaseEnvironment.OfTemplate(_settings, context.RunId, database, connection);
                await _commands.RunAsync(command.CommandLine, database, environment, cancellationToken);
                if (!await _work.HasContentAsync(cancellationToken))
                    throw TemplateCommand.MadeNothing(context.Secrets.Redact(command.CommandLine), _settings);
                break;
            case HookStep { Hook: var hook }:
                await hook.RunAsync(database, connection.ConnectionString, cancellationToken);
                break;
            // CreateAsync has copied an existing database, and a watched path counts for the fingerprint only.
            case ExistingDatabaseStep or WatchStep:
                break;
            default:
                throw new UnreachableException(step.GetType().Name);
        }
    }
}
