using System.Collections.Concurrent;
using ConcurrentTesting.Databases.Leases;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Makes clones, which are copies over a few connections (<see cref="MySqlCopy"/>), and tells what became of each.</summary>
internal sealed class MySqlClones(MySqlAdmin admin, MySqlServerFacts facts, ILogger logger)
{
    private readonly ConcurrentDictionary<string, Template> _templates = new();

    /// <summary>What copying the template counted in each clone.</summary>
    private readonly ConcurrentDictionary<string, DatabaseStatistics> _counted = new();

    /// <summary>When each clone was finished, by the server's clock.</summary>
    private readonly ConcurrentDictionary<string, DateTime> _made = new();
    private readonly ConcurrentDictionary<string, bool> _replaced = new();

    /// <summary>What clones are made from.</summary>
    private sealed class Template(MySqlDefinition definition)
    {
        /// <summary>The definition that clones get; after the first clone its views are in an order in which they can be made.</summary>
        public MySqlDefinition Definition { get; set; } = definition;

        /// <summary>The first clone is compared with the template; the others are made the same way.</summary>
        public bool IsProven { get; set; }
    }

    public async Task LearnAsync(string template, CancellationToken cancellationToken)
    {
        var definition = await MySqlDefinitionReader.ReadAsync(admin, template, cancellationToken);
        new MySqlCopyWarnings(logger, facts).Warn(definition);
        _templates[template] = new Template(definition);
    }

    public async Task MakeAsync(string template, string clone, CancellationToken cancellationToken)
    {
        var source = _templates[template];
        source.Definition = await CopyAsync(source, clone, cancellationToken);
        source.IsProven = true;
        if (await MySqlStatistics.ReadAsync(admin, facts.Statistics, clone, cancellationToken) is { } copying)
            _counted[clone] = copying;
        _made[clone] = (await admin.QueryAsync("SELECT NOW()", row => row.GetDateTime(0), cancellationToken))[0];
    }

    public async Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var found = await admin.QueryAsync(
            "SELECT 1 FROM information_schema.schemata WHERE schema_name = ?", row => row.GetInt32(0), cancellationToken, clone.Name);
        if (found.Count == 0)
            return DatabaseState.Dropped;
        return await IsReplacedAsync(clone, cancellationToken) ? DatabaseState.Replaced : DatabaseState.Own;
    }

    /// <summary>Reads a clone's statistics without what copying the template counted.</summary>
    public async Task<DatabaseStatistics?> ReadStatisticsAsync(string clone, CancellationToken cancellationToken)
    {
        var counted = await MySqlStatistics.ReadAsync(admin, facts.Statistics, clone, cancellationToken);
        if (_replaced.ContainsKey(clone))
            return counted;
        return counted is not null && _counted.TryGetValue(clone, out var copying) ? MySqlStatistics.Since(copying, counted) : counted;
    }

    public void Forget(string clone)
    {
        _counted.TryRemove(clone, out _);
        _made.TryRemove(clone, out _);
    }

    private async Task<MySqlDefinition> CopyAsync(Template source, string name, CancellationToken cancellationToken)
    {
        var copy = new MySqlCopy(admin, facts, logger);
        var comparison = new MySqlComparison(admin, facts, copy);
        var definition = await copy.CopyAsync(source.Definition, name, leavesOut: false, cancellationToken);
        if (!source.IsProven)
            await comparison.RequireSameAsync(definition with { Events = [] }, name, isQuiet: true, cancellationToken);
        await copy.MakeEventsAsync(definition, name, cancellationToken);
        if (!source.IsProven)
            await comparison.RequireSameEventsAsync(definition, name, cancellationToken);
        return definition;
    }

    // A server that has restarted may give tables another time.
    private async Task<bool> HasRestartedSinceAsync(DateTime made, CancellationToken cancellationToken)
    {
        var uptime = await admin.ReadUptimeAsync(cancellationToken);
        var now = await admin.QueryAsync("SELECT NOW()", row => row.GetDateTime(0), cancellationToken);
        return now[0] - uptime >= made;
    }

    /// <summary>Whether no table of the template is as old as the clone: tests may make a table again in a clone, but hardly all.</summary>
    private async Task<bool> IsReplacedAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        if (_replaced.ContainsKey(clone.Name))
            return true;
        var tables = _templates[clone.Template.Name].Definition.Tables;
        if (!_made.TryGetValue(clone.Name, out var made) || tables.IsEmpty || await HasAsync("=", tables[0].Name, made))
            return false;
        return !await HasAsync("LIKE", "%", made) && !await HasRestartedSinceAsync(made, cancellationToken)
            && _replaced.TryAdd(clone.Name, true);

        // One table is asked for first, because the server opens each table that it is asked for.
        async Task<bool> HasAsync(string compares, string table, DateTime before) => (await admin.QueryAsync(
            $"""
             SELECT EXISTS (SELECT 1 FROM information_schema.tables
                            WHERE table_schema = ? AND table_name {compares} ? AND table_type <> 'VIEW' AND create_time <= ?)
             """,
            row => row.GetInt64(0) == 1,
            cancellationToken,
            clone.Name,
            table,
            before))[0];
    }
}
