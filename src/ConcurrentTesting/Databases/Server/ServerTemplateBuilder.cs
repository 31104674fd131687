using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Server;

/// <summary>Makes a template's database step by step, by an account that reaches nothing else where that can be, and seals it.</summary>
internal sealed class ServerTemplateBuilder(
    IServerDialect dialect, OwnDatabases databases, TemplateConfinement confinement, ServerFacts facts, ServerContext context)
{
    private readonly ConcurrentTestSettings _settings = context.Settings;
    private readonly TemplateCommand _commands = new(context.Settings, context.Secrets, context.Logger);

    /// <param name="isCached">It stays between runs.</param>
    /// <param name="requireLock">Throws where another run may have begun to build under the same name.</param>
    public async Task BuildAsync(
        TemplateSource source, string name, bool isCached, Func<CancellationToken, Task> requireLock, CancellationToken cancellationToken)
    {
        var work = dialect.Build(source, name);
        if (confinement.IsFor(source, facts.MayMakeAccounts))
        {
            await BuildConfinedAsync(work, source, name, isCached, requireLock, cancellationToken);
            return;
        }

        await work.CreateAsync(cancellationToken);
        await TakeAllAsync(work, source, name, null, requireLock, cancellationToken);
        await SealAsync(work, name, null, isCached, requireLock, cancellationToken);
    }

    private async Task BuildConfinedAsync(
        ITemplateWork work,
        TemplateSource source,
        string name,
        bool isCached,
        Func<CancellationToken, Task> requireLock,
        CancellationToken cancellationToken)
    {
        var account = TemplateAccount.Of(context.RunId);
        context.Secrets.Register(account.Password);
        // An earlier attempt may have left the account.
        await databases.DropAccountAsync(account.Name, null, cancellationToken);
        try
        {
            var builder = await TryConfineAsync(work, source, account, cancellationToken) ? account : null;
            await TakeAllAsync(work, source, name, builder, requireLock, cancellationToken);
            await SealAsync(work, name, builder, isCached, requireLock, cancellationToken);
        }
        finally
        {
            // Dropping the account also drops what it still owns: the database, where the work was interrupted.
            await databases.DropAccountAsync(account.Name, null, CancellationToken.None);
        }
    }

    private async Task<bool> TryConfineAsync(
        ITemplateWork work, TemplateSource source, TemplateAccount account, CancellationToken cancellationToken)
    {
        if (await work.CreateAsync(account, cancellationToken) is { } reason)
        {
            await confinement.GiveUpAsync(source, facts.User, reason, cancellationToken);
            return false;
        }

        if (work.OpenToAll.Length > 0)
            await confinement.CheckWordsTooAsync(source, work.OpenToAll, cancellationToken);
        return true;
    }

    private async Task TakeAllAsync(
        ITemplateWork work,
        TemplateSource source,
        string name,
        TemplateAccount? account,
        Func<CancellationToken, Task> requireLock,
        CancellationToken cancellationToken)
    {
        foreach (var step in source.Steps)
        {
            // The database of this name may be another run's by now.
            await requireLock(cancellationToken);
            if (account is null || step is SqlFileStep)
                await TakeStepAsync(step);
            else
                await confinement.ExplainAsync(step, source.Database, () => TakeStepAsync(step), work.IsDenied);
        }

        Task TakeStepAsync(TemplateStep step) => TakeAsync(work, step, source.Database, name, account, cancellationToken);
    }

    private async Task TakeAsync(
        ITemplateWork work, TemplateStep step, string database, string name, TemplateAccount? account, CancellationToken cancellationToken)
    {
        var connection = dialect.ConnectionTo(name, account);
        switch (step)
        {
            case SqlFileStep script:
                context.Logger.LogDebug("Executing {Script}", script.Name);
                await work.ExecuteAsync(script, account, account is null ? null : confinement.Refuse, cancellationToken);
                break;
            case CommandStep command:
                var environment = LeaseEnvironment.OfTemplate(_settings, context.RunId, database, connection);
                await _commands.RunAsync(command.CommandLine, database, environment, cancellationToken);
                if (!await work.HasContentAsync(cancellationToken))
                    throw TemplateCommand.MadeNothing(context.Secrets.Redact(command.CommandLine), _settings);
                break;
            case HookStep { Hook: var hook }:
                await hook.RunAsync(database, connection.ConnectionString, cancellationToken);
                break;
            // The database began as a copy of the one, and the other counts for the fingerprint only.
            case ExistingDatabaseStep or WatchStep:
                break;
            default:
                throw new UnreachableException(step.GetType().Name);
        }
    }

    private async Task SealAsync(
        ITemplateWork work,
        string name,
        TemplateAccount? account,
        bool isCached,
        Func<CancellationToken, Task> requireLock,
        CancellationToken cancellationToken)
    {
        var ended = await work.SealAsync(account, isCached, context.Time.GetUtcNow(), requireLock, cancellationToken);
        if (ended > 0)
        {
            context.Logger.LogWarning(
                "Sessions that were still connected to the finished template {Name} were ended ({Count}): what built it has left a process or a connection behind",
                name,
                ended);
        }
    }
}
