namespace ConcurrentTesting.Databases.Templates;

/// <summary>What one of a worker's databases is made from: steps that are taken in order.</summary>
/// <param name="Database">The database's name among a worker's databases: <c>main</c>.</param>
internal sealed record TemplateSource(string Database, ImmutableArray<TemplateStep> Steps)
{
    /// <summary>Whether the template stays between runs. A copy of a database that others go on changing is good for one run only, and so
    /// is what a command made of nobody knows what.</summary>
    public bool IsCached(ConcurrentTestSettings settings) =>
        settings.TemplateCache && !IsCopy && UnknownInput(settings) is null && ReadingScript(settings) is null;

    /// <summary>The first command whose text does not tell what it reads, where no <see cref="WatchStep"/> does so for it.</summary>
    public CommandStep? UnknownInput(ConcurrentTestSettings settings) =>
        Steps.Any(step => step is WatchStep)
            ? null
            : Steps.OfType<CommandStep>()
                .FirstOrDefault(command => !CommandInputs.Of(command.CommandLine, settings.WorkingDirectory).AreKnown);

    /// <summary>The first script that has the server read other files, where no <see cref="WatchStep"/> names them. Only a throwaway server
    /// does, and one where the user allows it.</summary>
    public SqlFileStep? ReadingScript(ConcurrentTestSettings settings) =>
        !MayServerRead(settings) || Steps.Any(step => step is WatchStep)
            ? null
            : Steps.OfType<SqlFileStep>().FirstOrDefault(script => SqlReads.OthersByServer(script.Path));

    private static bool MayServerRead(ConcurrentTestSettings settings) =>
        settings.Database != DatabaseEngine.Sqlite
        && (settings.ConnectionString is null || settings.Allow.Contains(GuardName.ReachingSql.Name, StringComparer.OrdinalIgnoreCase));

    /// <summary>It begins as a copy of a database that exists.</summary>
    public bool IsCopy => Steps.Any(step => step is ExistingDatabaseStep);

    /// <summary>It runs programs or code that may ask which of the worker's databases it makes.</summary>
    public bool MayAskForName => Steps.Any(step => step is CommandStep or HookStep);

    /// <summary>It runs a command that may build projects, as <c>dotnet ef</c> does.</summary>
    public bool MayBuild => Steps.OfType<CommandStep>().Any(command => command.MayBuild);

    /// <summary>Whether something of the user's is executed for it.</summary>
    public bool IsExecuted => Steps.Any(step => step is SqlFileStep or CommandStep or HookStep);
}

/// <summary>One step on the way to a template.</summary>
internal abstract record TemplateStep;

/// <summary>A script that is executed statement by statement.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Name">As the user sees it, and as it counts for the fingerprint.</param>
internal sealed record SqlFileStep(string Path, string Name) : TemplateStep;

/// <summary>A command for the shell, which gets the connection string by environment.</summary>
internal sealed record CommandStep(string CommandLine) : TemplateStep
{
    // These clients only send what they are given to a server or into a file.
    private static readonly string[] Clients =
        ["psql", "pg_restore", "mysql", "mariadb", "sqlite3", "sqlcmd", "liquibase", "flyway", "dbmate", "atlas", "goose"];

    /// <summary>What is no client's single call may start anything.</summary>
    public bool MayBuild => !Clients.Contains(CommandLine.Trim().Split(' ', 2)[0], StringComparer.Ordinal)
        || CommandLine.AsSpan().ContainsAny(";&|`\n") || CommandLine.Contains("$(", StringComparison.Ordinal);
}

/// <summary>A copy of a database that exists.</summary>
internal sealed record ExistingDatabaseStep(string Name) : TemplateStep;

/// <summary>The user's own code, which gets the connection string.</summary>
internal sealed record HookStep(TemplateHook Hook) : TemplateStep;

/// <summary>A file or folder that only counts for the fingerprint: what a command reads without naming it.</summary>
/// <param name="Path">Absolute.</param>
internal sealed record WatchStep(string Path, string Name) : TemplateStep;
