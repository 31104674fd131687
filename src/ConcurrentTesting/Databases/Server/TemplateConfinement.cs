using System.Data.Common;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Templates.Scripts;

namespace ConcurrentTesting.Databases.Server;

/// <summary>Decides whether a template is built by an account that cannot reach other databases. Where that cannot be, on a server of
/// others, a list of words is what remains, and the run says so. On a throwaway server there is nobody to protect.</summary>
internal sealed class TemplateConfinement(ServerContext context)
{
    private readonly DatabaseEngine _engine = context.Settings.Database;
    private readonly Guards _guards = context.Guards;

    /// <param name="mayMakeAccounts">Whether the given account has the right to make others.</param>
    public bool IsFor(TemplateSource source, bool mayMakeAccounts) =>
        !context.IsOurs && mayMakeAccounts && !_guards.Allows(GuardName.ReachingSql) && source.IsExecuted && !source.IsCopy;

    /// <exception cref="ConcurrentTestException">
    /// A script that will run as the given account reaches beyond its database, as far as words can tell.
    /// </exception>
    public async Task CheckAsync(bool mayMakeAccounts, string user, CancellationToken cancellationToken)
    {
        if (context.IsOurs)
            return;
        var unconfined = context.Sources.Where(source => source.IsExecuted && !IsFor(source, mayMakeAccounts)).ToArray();
        await TemplateScripts.CheckFurtherAsync(unconfined, _engine, _guards, cancellationToken);
        if (unconfined.Length == 0 || _guards.Allows(GuardName.ReachingSql))
            return;
        var why = unconfined.All(source => source.IsCopy) ? "after a copy (db:)" : $"because the user '{user}' may not make roles";
        SayThatWordsAreAll(why, user);
    }

    /// <summary>The account could be made and is of no use.</summary>
    public async Task GiveUpAsync(TemplateSource source, string user, string reason, CancellationToken cancellationToken)
    {
        await TemplateScripts.CheckFurtherAsync([source], _engine, _guards, cancellationToken);
        SayThatWordsAreAll($"because an account that has rights only on the template cannot be used here ({reason})", user);
    }

    /// <summary>The account reaches what everybody does.</summary>
    public async Task CheckWordsTooAsync(TemplateSource source, IEnumerable<string> open, CancellationToken cancellationToken)
    {
        context.Logger.LogInformation(
            "Every user may connect to the databases {Databases} on this server: only a list of words keeps the SQL of templates from them",
            string.Join(", ", open));
        await TemplateScripts.CheckFurtherAsync([source], _engine, _guards, cancellationToken);
    }

    /// <param name="where">File, line and statement.</param>
    /// <exception cref="ConcurrentTestException">Always: where the guard is overridden, nothing is confined.</exception>
    public void Refuse(string where, string reason, string remedy = "leave it out") =>
        _guards.Refuse(GuardName.ReachingSql, $"{where} needs more than the rights on the template's own database: {reason}", remedy);

    /// <summary>A command's or a hook's failure may come from what it may not do.</summary>
    /// <param name="isDenied">Whether the error is the server's for a missing right.</param>
    public async Task ExplainAsync(TemplateStep step, string database, Func<Task> take, Func<Exception, bool> isDenied)
    {
        try
        {
            await take();
        }
        catch (ConcurrentTestException exception)
        {
            var causes = Causes(exception).ToList();
            if (causes.Find(cause => isDenied(cause)) is { } denied)
            {
                Refuse(step is HookStep
                    ? $"the build's TemplateHook for the database '{database}'"
                    : $"the command that builds '{database}'", denied.Message);
            }

            // A hook's exception shows whether a server was involved; a command leaves only an exit code.
            if (causes.Count > 0 && !causes.Exists(cause => cause is DbException))
                throw;
            throw new ConcurrentTestException(
                exception.ExitCode,
                $"{exception.Message} (it ran as an account that has rights only on the template's own database; allow more with --test-allow {GuardName.ReachingSql.Name})",
                exception);
        }
    }

    private static IEnumerable<Exception> Causes(Exception exception)
    {
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
            yield return inner;
    }

    private void SayThatWordsAreAll(string why, string user) =>
        context.Logger.LogInformation(
            "Templates are built as '{User}' itself {Why}: only a list of words keeps their SQL from other databases, and nothing keeps commands and hooks from them", user, why);
}
