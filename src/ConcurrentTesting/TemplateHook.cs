namespace ConcurrentTesting;

/// <summary>Code of the build's own that makes a template, or goes on with one: <c>new("1", (template, token) =
/// Migrate(template.ConnectionString, token))</c>.</summary>
/// <param name="Version">
/// Counts for the template's fingerprint, as does the assembly that the code is in. Change it when what the code reads elsewhere changes: a
/// hash of the migrations, say.
/// </param>
/// <param name="BuildAsync">
/// Runs once for each database of <see cref="ConcurrentTestSettings.Databases"/>, and only where no finished template is there.
/// </param>
public sealed record TemplateHook(string Version, Func<TemplateHookContext, CancellationToken, Task> BuildAsync)
{
    internal async Task RunAsync(string database, string connectionString, CancellationToken cancellationToken)
    {
        try
        {
            await BuildAsync(new TemplateHookContext(database, connectionString), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException and not ConcurrentTestException)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"the build's TemplateHook failed for the database '{database}': {exception.Message}",
                exception);
        }
    }
}

/// <summary>What a <see cref="TemplateHook"/> builds on.</summary>
/// <param name="Database">The database's name among a worker's databases: <c>main</c>.</param>
/// <param name="ConnectionString">
/// Opens the unfinished template, in the engine's driver. Close what is opened, pools included, before the hook returns.
/// </param>
public sealed record TemplateHookContext(string Database, string ConnectionString)
{
    /// <summary>Leaves out the connection string, which may hold a password.</summary>
    public override string ToString() => Database;
}
