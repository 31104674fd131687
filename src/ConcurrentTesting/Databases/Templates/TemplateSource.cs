using System.Collections.Immutable;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>What one of a worker's databases is made from: steps that are taken in order.</summary>
/// <param name="Database">The database's name among a worker's databases: <c>main</c>.</param>
internal sealed record TemplateSource(string Database, ImmutableArray<TemplateStep> Steps)
{
    /// <summary>
    /// Whether the template stays between runs. A copy of a database that others go on changing is good for one run only, and so is what
    /// a command made of nobody knows what.
    /// </summary>
    public bool IsCached(ConcurrentTestSettings settings) => settings.TemplateCache && !IsCopy && UnknownInput(settings) is null;

    /// <summary>The first command that names nothing it could read, where no <see cref="WatchStep"/> does so for it.</summary>
    public CommandStep? UnknownInput(ConcurrentTestSettings settings) =>
        Steps.Any(step => step is WatchStep)
            ? null
            : Steps.OfType<CommandStep>()
                .FirstOrDefault(command => !CommandInputs.AreNamed(command.CommandLine, settings.WorkingDirectory));

    /// <summary>It begins as a copy of a database that exists.</summary>
    public bool IsCopy => Steps.Any(step => step is ExistingDatabaseStep);

    /// <summary>Something of the user's is executed for it.</summary>
    public bool IsExecuted => Steps.Any(step => step is SqlFileStep or CommandStep or HookStep);
}

/// <summary>One step on the way to a template.</summary>
internal abstract record TemplateStep;

/// <summary>A script that is executed statement by statement.</summary>
/// <param name="Path">Absolute.</param>
/// <param name="Name">As the user sees it, and as it counts for the fingerprint.</param>
internal sealed record SqlFileStep(string Path, string Name) : TemplateStep;

/// <summary>A command for the shell, which gets the connection string by environment.</summary>
internal sealed record CommandStep(string CommandLine) : TemplateStep;

/// <summary>A copy of a database that exists.</summary>
internal sealed record ExistingDatabaseStep(string Name) : TemplateStep;

/// <summary>The user's own code, which gets the connection string.</summary>
internal sealed record HookStep(TemplateHook Hook) : TemplateStep;

/// <summary>A file or folder that only counts for the fingerprint: what a command reads without naming it.</summary>
/// <param name="Path">Absolute.</param>
internal sealed record WatchStep(string Path, string Name) : TemplateStep;
