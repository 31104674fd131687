namespace ConcurrentTesting.Databases.Templates;

/// <summary>Reads <see cref="ConcurrentTestSettings.Template"/>: SQL files and folders (whose <c>*.sql</c> are ordered by name, ordinally),
/// <c>cmd:command</c>, <c>db:name</c> and <c>watch:path</c>.</summary>
internal sealed class TemplateSourceParser(ConcurrentTestSettings settings)
{
    /// <summary>One source for each of <see cref="ConcurrentTestSettings.Databases"/>. An entry <c>audit=…</c> is for that database alone;
    /// a database without entries of its own is made from those that name none.</summary>
    /// <exception cref="ConcurrentTestException">An entry names nothing that is there.</exception>
    public ImmutableArray<TemplateSource> ParseAll()
    {
        var entries = settings.Template.Select(text => (Entry: TemplateEntry.Split(text), Text: text)).ToArray();
        foreach (var (entry, text) in entries)
        {
            if (entry.Database.Length > 0 && !settings.Databases.Any(database => IsFor(entry, database)))
            {
                throw Wrong(
                    text, $"there is no database '{entry.Database[..^1]}' in --test-databases {string.Join(' ', settings.Databases)}");
            }
        }

        return
        [
            .. settings.Databases.Select(database =>
            {
                var own = entries.Where(entry => IsFor(entry.Entry, database)).ToArray();
                return Parse(database, own.Length > 0 ? own : entries.Where(entry => entry.Entry.Database.Length == 0));
            }),
        ];
    }

    private static bool IsFor(TemplateEntry entry, string database) =>
        entry.Database.Equals(database + "=", StringComparison.OrdinalIgnoreCase);

    private TemplateSource Parse(string database, IEnumerable<(TemplateEntry Entry, string Text)> entries)
    {
        var steps = entries.SelectMany(entry => Read(entry.Entry, entry.Text)).ToImmutableArray();
        if (steps.Skip(1).OfType<ExistingDatabaseStep>().FirstOrDefault() is { } late)
            throw Wrong(TemplateEntry.Existing + late.Name, "write db: once and first, because the template begins as a copy of that database");
        return new TemplateSource(database, settings.TemplateHook is { } hook ? steps.Add(new HookStep(hook)) : steps);
    }

    private IEnumerable<TemplateStep> Read(TemplateEntry entry, string text)
    {
        if (entry.Value.Length == 0)
            throw Wrong(text, "nothing follows the prefix");
        return entry.Prefix switch
        {
            TemplateEntry.Command => [new CommandStep(entry.Value)],
            TemplateEntry.Existing => [new ExistingDatabaseStep(entry.Value)],
            TemplateEntry.Watch => [Watch(text, entry.Value)],
            _ => Scripts(text, entry.Value),
        };
    }

    private WatchStep Watch(string entry, string path)
    {
        var full = Absolute(path);
        if (!Path.Exists(full))
            throw Wrong(entry, $"{full} does not exist");
        return Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(full)) is not null
            ? new WatchStep(full, path)
            : throw Wrong(entry, $"{full} is the whole disk: name the folder of what the command reads");
    }

    private SqlFileStep[] Scripts(string entry, string path)
    {
        var full = Absolute(path);
        if (File.Exists(full))
            return [new SqlFileStep(full, Shown(full))];
        if (!Directory.Exists(full))
        {
            throw Wrong(
                entry, $"there is no file or folder {full}; commands begin with {TemplateEntry.Command}, existing databases with {TemplateEntry.Existing}");
        }

        // The order and the choice are the same on every system: Windows and macOS do not tell V2__x.SQL from V2__x.sql.
        var all = new EnumerationOptions
        {
            RecurseSubdirectories = true,
            MatchCasing = MatchCasing.CaseInsensitive,
            AttributesToSkip = 0,
            IgnoreInaccessible = false,
        };
        var scripts = Directory.EnumerateFiles(full, "*.sql", all)
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

    private static ConcurrentTestException Wrong(string entry, string why) =>
        new(ConcurrentTestExitCode.BadSettings, $"--test-template '{entry}': {why}");
}
