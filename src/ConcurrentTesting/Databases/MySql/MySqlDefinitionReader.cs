using System.Data.Common;
using ConcurrentTesting.Databases.Server;
using MySqlConnector;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Reads what is in a database, in a few round trips on one session inside it: only there do views leave the database's name
/// out.</summary>
internal sealed class MySqlDefinitionReader(MySqlConnection session, string database)
{
    private sealed record Listed(string Name, string Type, string Engine, long Bytes);

    /// <exception cref="ConcurrentTestException">Something is there that cannot be read.</exception>
    public static async Task<MySqlDefinition> ReadAsync(MySqlAdmin admin, string database, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenSessionAsync(database, cancellationToken);
        return await new MySqlDefinitionReader(session, database).ReadAsync(cancellationToken);
    }

    private async Task<MySqlDefinition> ReadAsync(CancellationToken cancellationToken)
    {
        var (characterSet, collation) = (await session.QueryAsync(
            "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name = ?",
            row => (row.GetString(0), row.GetString(1)),
            cancellationToken,
            database))[0];
        var listed = (await ListAsync(cancellationToken)).Where(table => !MySqlMark.IsMark(table.Name)).ToArray();
        return new MySqlDefinition(
            database,
            characterSet,
            collation,
            await TablesAsync([.. listed.Where(table => table.Type is "BASE TABLE" or "SYSTEM VERSIONED")], cancellationToken),
            await SequencesAsync([.. listed.Where(table => table.Type == "SEQUENCE")], cancellationToken),
            await ShownAsync(
                "SELECT routine_type, routine_name, definer FROM information_schema.routines WHERE routine_schema = ? ORDER BY routine_type, routine_name",
                "Create ", cancellationToken),
            await ShownAsync(
                "SELECT 'VIEW', table_name, definer FROM information_schema.views WHERE table_schema = ? ORDER BY table_name",
                "Create View", cancellationToken),
            await TriggersAsync(cancellationToken),
            await EventsAsync(cancellationToken));
    }

    private Task<IReadOnlyList<Listed>> ListAsync(CancellationToken cancellationToken) =>
        session.QueryAsync(
            """
            SELECT table_name, table_type, COALESCE(engine, ''), CAST(COALESCE(data_length, 0) + COALESCE(index_length, 0) AS SIGNED)
            FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name
            """,
            row => new Listed(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3)),
            cancellationToken,
            database);

    private async Task<ImmutableArray<MySqlTable>> TablesAsync(IReadOnlyList<Listed> tables, CancellationToken cancellationToken)
    {
        var columns = (await session.QueryAsync(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = ? AND COALESCE(generation_expression, '') = '' ORDER BY table_name, ordinal_position
            """,
            row => (Table: row.GetString(0), Column: row.GetString(1)),
            cancellationToken,
            database)).ToLookup(row => row.Table, row => row.Column);
        var statements = await ShowAsync(tables.Select(table => ("TABLE", table.Name)), "Create Table", cancellationToken);
        return
        [
            .. tables.Zip(statements, (table, shown) => new MySqlTable(
                table.Name, table.Engine, shown.Sql, [.. columns[table.Name]], table.Bytes, table.Type == "SYSTEM VERSIONED")),
        ];
    }

    private async Task<ImmutableArray<MySqlSequence>> SequencesAsync(IReadOnlyList<Listed> sequences, CancellationToken cancellationToken)
    {
        var statements = await ShowAsync(sequences.Select(sequence => ("SEQUENCE", sequence.Name)), "Create Table", cancellationToken);
        var read = ImmutableArray.CreateBuilder<MySqlSequence>(sequences.Count);
        foreach (var (sequence, shown) in sequences.Zip(statements))
        {
            var state = await session.QueryAsync(
                $"SELECT next_not_cached_value, cycle_count FROM {Quote(sequence.Name)}",
                row => (Next: row.GetInt64(0), Round: row.GetInt64(1)),
                cancellationToken);
            read.Add(new MySqlSequence(sequence.Name, shown.Sql, state[0].Next, state[0].Round));
        }

        return read.ToImmutable();
    }

    private async Task<ImmutableArray<MySqlObject>> EventsAsync(CancellationToken cancellationToken) =>
    [
        .. await MySqlMark.EventsAsync(session, database, cancellationToken),
        .. await ShownAsync(
            "SELECT 'EVENT', event_name, definer FROM information_schema.events WHERE event_schema = ? ORDER BY event_name",
            "Create Event", cancellationToken),
    ];

    /// <summary>Objects of which the server shows how they are made.</summary>
    /// <param name="question">Asks for their kinds, names and definers.</param>
    /// <param name="column">The one that has the statement, or how its name begins.</param>
    private async Task<ImmutableArray<MySqlObject>> ShownAsync(string question, string column, CancellationToken cancellationToken)
    {
        var listed = await session.QueryAsync(
            question, row => (Kind: row.GetString(0), Name: row.GetString(1), Definer: row.GetString(2)), cancellationToken,
            database);
        var shown = await ShowAsync(listed.Select(found => (found.Kind, found.Name)), column, cancellationToken);
        return [.. listed.Zip(shown, (found, text) => text.ToObject(found.Kind, found.Name, found.Definer))];
    }

    /// <summary>Builds the statement again: the server stores a trigger as it was written, perhaps with the database's name.</summary>
    private async Task<ImmutableArray<MySqlObject>> TriggersAsync(CancellationToken cancellationToken)
    {
        var triggers = await session.QueryAsync(
            """
            SELECT trigger_name, action_timing, event_manipulation, event_object_table, action_statement, definer, sql_mode, collation_connection, database_collation
            FROM information_schema.triggers WHERE trigger_schema = ? ORDER BY event_object_table, action_timing, event_manipulation, action_order, trigger_name
            """,
            row => (
                Name: row.GetString(0), Timing: row.GetString(1), Event: row.GetString(2), Table: row.GetString(3), Body: row.GetString(4),
                Definer: row.GetString(5), SqlMode: row.GetString(6), Collation: row.GetString(7), DatabaseCollation: row.GetString(8)),
            cancellationToken,
            database);
        return
        [
            // MariaDB 12 has triggers on several events, and gives a row for each event.
            .. triggers.GroupBy(trigger => trigger.Name).Select(
                rows => (Trigger: rows.First(), Events: string.Join(" OR ", rows.Select(row => row.Event))))
                .Select(found => new MySqlObject(
                    "TRIGGER",
                    found.Trigger.Name,
                    $"CREATE DEFINER={MySqlText.QuotedDefiner(found.Trigger.Definer)} TRIGGER {Quote(found.Trigger.Name)} {found.Trigger.Timing} {found.Events}"
                    + $" ON {Quote(found.Trigger.Table)} FOR EACH ROW {found.Trigger.Body}",
                    found.Trigger.Definer,
                    found.Trigger.SqlMode,
                    found.Trigger.Collation,
                    found.Trigger.DatabaseCollation,
                    TimeZone: null)),
        ];
    }

    private sealed record Shown(string Sql, string? SqlMode, string Collation, string? DatabaseCollation, string? TimeZone)
    {
        public MySqlObject ToObject(string kind, string name, string definer) =>
            new(kind, name, Sql, definer, SqlMode, Collation, DatabaseCollation, TimeZone);
    }

    /// <param name="column">The one that has the statement, or how its name begins.</param>
    private async Task<IReadOnlyList<Shown>> ShowAsync(
        IEnumerable<(string Kind, string Name)> objects, string column, CancellationToken cancellationToken)
    {
        // A trip is bounded, because a statement is at most as long as the server's max_allowed_packet.
        const int InOneTrip = 100;
        var all = new List<Shown>();
        foreach (var some in objects.Chunk(InOneTrip))
        {
            var sql = some.Aggregate(
                new StringBuilder(),
                (text, found) => text.Append(CultureInfo.InvariantCulture, $"SHOW CREATE {found.Kind} {Quote(found.Name)};"));
            var results = await session.QueryAllAsync(sql.ToString(), (_, row) => Read(row, column), cancellationToken);
            foreach (var (found, rows) in some.Zip(results))
                all.Add(rows[0] ?? throw Unreadable(found.Kind, found.Name));
        }

        return all;
    }

    private static Shown? Read(DbDataReader row, string column)
    {
        var names = Enumerable.Range(0, row.FieldCount).ToDictionary(row.GetName, StringComparer.OrdinalIgnoreCase);
        var sql = names.First(name => name.Key.StartsWith(column, StringComparison.OrdinalIgnoreCase)).Value;
        return row.IsDBNull(sql)
            ? null
            : new Shown(
                row.GetString(sql), Text("sql_mode"), Text("collation_connection") ?? "", Text("Database Collation"), Text("time_zone"));

        string? Text(string name) => names.TryGetValue(name, out var ordinal) && !row.IsDBNull(ordinal) ? row.GetString(ordinal) : null;
    }

    private ConcurrentTestException Unreadable(string kind, string name) =>
        new(
            ConcurrentTestExitCode.Refused,
            $"the {kind.ToLowerInvariant()} {name} in {database} cannot be read, so it would be missing in every copy: the right to read routines is missing: "
            + "GRANT SELECT ON `mysql`.`proc` (MariaDB) or GRANT SHOW_ROUTINE ON *.* (MySQL) to the user of the run");
}
