using System.Collections.Immutable;

namespace ConcurrentTesting.Databases;

/// <summary>
/// Reads <see cref="ConcurrentTestSettings.Template"/>: SQL files and folders (whose <c>*.sql</c> are ordered by name, ordinally), <c>cmd:command</c>,
/// <c>db:name</c> and <c>watch:path</c>.
/// </summary>
internal sealed class TemplateSourceParser(ConcurrentTestSettings settings)
{
    private const string CommandPrefix = "cmd:";
    private const string DatabasePrefix = "db:";
    private const string WatchPrefix = "watch:";

    /// <summary>
    /// One source for each of <see cref="ConcurrentTestSettings.Databases"/>. An entry <c>audit=…</c> is for that database alone; a database without entries of its own
    /// is made from those that name none.
    /// </summary>
    /// <exception cref="ConcurrentTestException">An entry names nothing that is there.</exception>
    public ImmutableArray<TemplateSource> ParseAll()
    {
        var entries = settings.Template.Select(entry => (Database: DatabaseOf(entry), Entry: entry)).ToArray();
        return
        [
            .. settings.Databases.Select(database =>
            {
                var own = entries.Where(entry => entry.Database == database).Select(entry => entry.Entry[(database.Length + 1)..]).ToArray();
                return Parse(database, own.Length > 0 ? own : entries.Where(entry => entry.Database is null).Select(entry => entry.Entry));
            }),
        ];
    }

    private string? DatabaseOf(string entry) =>
        settings.Databases.FirstOrDefault(database => entry.StartsWith(database + "=", StringComparison.OrdinalIgnoreCase));

    private TemplateSource Parse(string database, IEnumerable<string> entries)
    {
        var steps = entries.SelectMany(Read).ToImmutableArray();
        if (steps.OfType<ExistingDatabaseStep>().Any() && steps.Length > 1 && steps[0] is not ExistingDatabaseStep)
            throw Wrong(steps.OfType<ExistingDatabaseStep>().First().Name, "db: has to come first, because a copy begins with it");
        return new TemplateSource(database, steps);
    }

    private IEnumerable<TemplateStep> Read(string entry)
    {
        if (Rest(entry, CommandPrefix) is { } command)
            return [new CommandStep(NotEmpty(entry, command))];
        if (Rest(entry, DatabasePrefix) is { } existing)
            return [new ExistingDatabaseStep(NotEmpty(entry, existing))];
        if (Rest(entry, WatchPrefix) is { } watched)
            return [Watch(entry, NotEmpty(entry, watched))];
        return Scripts(entry);
    }

    private WatchStep Watch(string entry, string path)
    {
        var full = Absolute(path);
        return Path.Exists(full) ? new WatchStep(full, path) : throw Wrong(entry, $"{full} does not exist");
    }

    private SqlFileStep[] Scripts(string entry)
    {
        var full = Absolute(entry);
        if (File.Exists(full))
            return [new SqlFileStep(full, Shown(full))];
        if (!Directory.Exists(full))
            throw Wrong(entry, $"there is no file or folder {full}; commands begin with {CommandPrefix}, existing databases with {DatabasePrefix}");
        var scripts = Directory.EnumerateFiles(full, "*.sql", SearchOption.AllDirectories)
            .OrderBy(file => Path.GetRelativePath(full, file).Replace('\\', '/'), StringComparer.Ordinal)
            .Select(file => new SqlFileStep(file, Shown(file)))
            .ToArray();
        return scripts.Length > 0 ? scripts : throw Wrong(entry, $"the folder {full} has no *.sql files");
    }

    private string Absolute(string path) => Path.GetFullPath(path, settings.WorkingDirectory);

    private string Shown(string path)
    {
        var relative = Path.GetRelativePath(settings.RootDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative.Replace('\\', '/');
    }

    private static string? Rest(string entry, string prefix) =>
        entry.StartsWith(prefix, StringComparison.OrdinalIgnoreCase) ? entry[prefix.Length..].Trim() : null;

    private static string NotEmpty(string entry, string rest) => rest.Length > 0 ? rest : throw Wrong(entry, "nothing follows the prefix");

    private static ConcurrentTestException Wrong(string entry, string why) =>
        new(ConcurrentTestExitCode.BadSettings, $"--test-template '{entry}': {why}");
}
