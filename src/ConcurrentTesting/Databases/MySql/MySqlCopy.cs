using System.Collections.Concurrent;
using ConcurrentTesting.Databases.Server;
using MySqlConnector;
using static ConcurrentTesting.Databases.MySql.MySqlAdmin;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Copies a database: its tables are made and filled over a few connections at once, then everything else on one. Neither product
/// can do that by itself, and <c>CREATE TABLE … LIKE</c> loses foreign keys.</summary>
/// <param name="facts">What the server is and what we may do there.</param>
internal sealed class MySqlCopy(MySqlAdmin admin, MySqlServerFacts facts, ILogger logger)
{
    /// <summary>Connections that fill one copy: more than four gain nothing.</summary>
    public const int Lanes = 4;

    /// <summary>Copies everything but the events, one of which might fire at once.</summary>
    /// <param name="leavesOut">A view that cannot be made is named and left out; else it is an error.</param>
    /// <returns>The definition with its views in the order in which they can be made.</returns>
    /// <exception cref="ConcurrentTestException">An object cannot be made again.</exception>
    public async Task<MySqlDefinition> CopyAsync(MySqlDefinition source, string target, bool leavesOut, CancellationToken cancellationToken)
    {
        await admin.ExecuteAsync(
            $"CREATE DATABASE {Quote(target)} CHARACTER SET {source.CharacterSet} COLLATE {source.Collation}", cancellationToken);
        if (source.Sequences.Length > 0)
            await MakeSequencesAsync(source, target, cancellationToken);
        await FillAsync(source, target, cancellationToken);
        return source.Objects.Any() ? await MakeObjectsAsync(source, target, leavesOut, cancellationToken) : source;
    }

    /// <summary>Drops the views of a template that is being built that no clone could have, and names them.</summary>
    public async Task<MySqlDefinition> WithoutStaleViewsAsync(MySqlDefinition template, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenSessionAsync(template.Name, cancellationToken);
        var stale = await Views(session, template, template.Name, cancellationToken).StaleAsync(admin, template, cancellationToken);
        foreach (var unmade in stale)
            await session.ExecuteAsync($"DROP VIEW {Quote(unmade.View.Name)}", cancellationToken);
        return Without(template, stale);
    }

    public async Task MakeEventsAsync(MySqlDefinition source, string target, CancellationToken cancellationToken)
    {
        if (source.Events.Length == 0)
            return;
        await using var session = await admin.OpenSessionAsync(target, cancellationToken);
        foreach (var found in source.Events)
            await MakeAsync(session, source, found, target, cancellationToken);
    }

    /// <summary>Gives the objects of a database to other definers by making them again, which is the only way. The caller makes its
    /// events.</summary>
    /// <returns>What is in it then.</returns>
    public async Task<MySqlDefinition> GiveAwayAsync(
        MySqlDefinition source, Func<MySqlObject, string> definerOf, CancellationToken cancellationToken)
    {
        var given = source with
        {
            Routines = Given(source.Routines),
            Views = Given(source.Views),
            Triggers = Given(source.Triggers),
            Events = Given(source.Events),
        };
        await using (var session = await admin.OpenSessionAsync(source.Name, cancellationToken))
        {
            // Dropping a package drops its body too, and the server knows a package only in the mode that it was made in.
            foreach (var found in given.Routines.Concat(given.Triggers).Reverse())
                await session.ExecuteAsync($"{Settings(found)}; DROP {found.Kind} IF EXISTS {Quote(found.Name)}", cancellationToken);
            foreach (var routine in given.Routines)
                await MakeAsync(session, given, routine, given.Name, cancellationToken);
            var views = new MySqlViews((view, _, keepsDefiner) =>
                MakeAsync(session, given, view, given.Name, replaces: true, keepsDefiner, cancellationToken));
            var (_, left) = await views.MakeAsync(given.Views);
            if (!left.IsEmpty)
                throw Failed(left[0].View.ToString(), left[0].Why);
            foreach (var trigger in given.Triggers)
                await MakeAsync(session, given, trigger, given.Name, cancellationToken);
        }

        var made = await MySqlDefinitionReader.ReadAsync(admin, source.Name, cancellationToken);
        return made with { Events = [.. given.Events.Select(found => found with { Sql = Statement(given, found, given.Name) })] };

        ImmutableArray<MySqlObject> Given(ImmutableArray<MySqlObject> objects) =>
            [.. objects.Select(found => MySqlText.DefinedBy(found, definerOf(found)))];
    }

    /// <summary>Makes the sequences before the tables, whose defaults may use them.</summary>
    private async Task MakeSequencesAsync(MySqlDefinition source, string target, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenSessionAsync(target, cancellationToken);
        foreach (var sequence in source.Sequences)
        {
            await MakeAsync(session, $"sequence {sequence.Name}", sequence.Sql, cancellationToken);
            await session.ExecuteAsync(
                string.Create(CultureInfo.InvariantCulture, $"DO SETVAL({Quote(sequence.Name)}, {sequence.Next}, 0, {sequence.Round})"),
                cancellationToken);
        }
    }

    private async Task FillAsync(MySqlDefinition source, string target, CancellationToken cancellationToken)
    {
        var tables = source.Tables.Where(table => table.HasOwnRows).OrderByDescending(table => table.Bytes).ToArray();
        var lanes = new List<MySqlConnection>();
        try
        {
            for (var lane = 0; lane < Math.Min(Lanes, tables.Length); lane++)
                lanes.Add(await admin.RentAsync(cancellationToken));
            await EachAsync(lanes, tables, (lane, table, token) => MakeAsync(lane, source, table, target, token), cancellationToken);
            await EachAsync(lanes, tables, (lane, table, token) => FillAsync(lane, source, table, target, token), cancellationToken);
        }
        finally
        {
            foreach (var lane in lanes)
                await lane.DisposeAsync();
        }

        if (tables.Length < source.Tables.Length)
            await MakeRestAsync(source, target, cancellationToken);
    }

    /// <summary>The tables that have no rows of their own may name others of this database, which takes a session inside it.</summary>
    private async Task MakeRestAsync(MySqlDefinition source, string target, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenSessionAsync(target, cancellationToken);
        foreach (var table in source.Tables.Where(table => !table.HasOwnRows))
            await MakeAsync(session, source, table, target, cancellationToken);
    }

    private static async Task EachAsync(
        IReadOnlyList<MySqlConnection> lanes,
        IEnumerable<MySqlTable> tables,
        Func<MySqlConnection, MySqlTable, CancellationToken, Task> take,
        CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var queue = new ConcurrentQueue<MySqlTable>(tables);
        await Task.WhenAll(lanes.Select(RunAsync));

        async Task RunAsync(MySqlConnection lane)
        {
            try
            {
                while (queue.TryDequeue(out var table))
                    await take(lane, table, failed.Token);
            }
            catch
            {
                await failed.CancelAsync();
                throw;
            }
        }
    }

    /// <summary>Makes a table by the server's own statement, changed for the other database.</summary>
    private Task MakeAsync(
        MySqlConnection session, MySqlDefinition source, MySqlTable table, string target, CancellationToken cancellationToken) =>
        MakeAsync(
            session,
            $"table {table.Name}",
            "CREATE TABLE " + Quote(target) + "." + MySqlText.Canonical(table.Sql, source.Name, target)["CREATE TABLE ".Length..],
            cancellationToken);

    private static Task<int> FillAsync(
        MySqlConnection lane, MySqlDefinition source, MySqlTable table, string target, CancellationToken cancellationToken)
    {
        // Columns are named, because a generated column takes no value and a star leaves out an invisible one.
        var columns = string.Join(", ", table.Columns.Select(Quote));
        return lane.ExecuteAsync(
            $"INSERT INTO {Quote(target)}.{Quote(table.Name)} ({columns}) SELECT {columns} FROM {Quote(source.Name)}.{Quote(table.Name)}",
            cancellationToken);
    }

    private async Task<MySqlDefinition> MakeObjectsAsync(
        MySqlDefinition source, string target, bool leavesOut, CancellationToken cancellationToken)
    {
        await using var session = await admin.OpenSessionAsync(target, cancellationToken);
        foreach (var routine in source.Routines)
            await MakeAsync(session, source, routine, target, cancellationToken);
        var (views, left) = await Views(session, source, target, cancellationToken).MakeAsync(source.Views);
        if (!left.IsEmpty && !leavesOut)
            throw Failed(left[0].View.ToString(), left[0].Why);
        foreach (var trigger in source.Triggers)
            await MakeAsync(session, source, trigger, target, cancellationToken);
        return Without(source with { Views = [.. views, .. left.Select(unmade => unmade.View)] }, left);
    }

    private MySqlViews Views(MySqlConnection session, MySqlDefinition source, string target, CancellationToken cancellationToken) =>
        new((view, replaces, keepsDefiner) => MakeAsync(session, source, view, target, replaces, keepsDefiner, cancellationToken));

    private MySqlDefinition Without(MySqlDefinition source, ImmutableArray<UnmadeView> unmade)
    {
        foreach (var (view, why) in unmade)
        {
            logger.LogWarning(
                "The {View} cannot be copied and no worker's database has it: {Reason}; correct the view or drop it", view, why.Message);
        }

        return source with { Views = source.Views.RemoveRange(unmade.Select(found => found.View)) };
    }

    private Task MakeAsync(
        MySqlConnection session, MySqlDefinition source, MySqlObject found, string target, CancellationToken cancellationToken) =>
        MakeAsync(session, source, found, target, replaces: false, keepsDefiner: true, cancellationToken);

    private async Task MakeAsync(
        MySqlConnection session,
        MySqlDefinition source,
        MySqlObject found,
        string target,
        bool replaces,
        bool keepsDefiner,
        CancellationToken cancellationToken)
    {
        await session.ExecuteAsync(Settings(found), cancellationToken);
        var isForeign = found.DatabaseCollation is { } collation && collation != source.Collation;
        if (isForeign)
            await session.ExecuteAsync($"ALTER DATABASE {Quote(target)} COLLATE {found.DatabaseCollation}", cancellationToken);
        var sql = Statement(source, found, target);
        if (!keepsDefiner)
            sql = MySqlText.WithoutDefiner(sql);
        if (replaces)
            sql = "CREATE OR REPLACE" + sql["CREATE".Length..];
        try
        {
            if (found.Kind == "VIEW")
                await session.ExecuteAsync(sql, cancellationToken);
            else
                await MakeAsync(session, found.ToString(), sql, cancellationToken);
        }
        finally
        {
            if (isForeign)
                await session.ExecuteAsync($"ALTER DATABASE {Quote(target)} COLLATE {source.Collation}", cancellationToken);
        }
    }

    /// <summary>The object's statement for the copy: this database's name where it stands for itself, a definer that we may give
    /// it.</summary>
    public string Statement(MySqlDefinition source, MySqlObject found, string target)
    {
        var sql = found.Kind == "VIEW"
            ? MySqlText.Canonical(found.Sql, source.Name, target)
            : MySqlText.Written(found.Sql, source.Name, target);
        if (!facts.MayDefineFor(found.Definer))
            sql = MySqlText.WithoutDefiner(sql);
        return found.Kind == "EVENT" && MySqlText.Names(sql, source.Name) ? MySqlText.Disabled(sql) : sql;
    }

    /// <summary>What a faithful copy says of itself.</summary>
    public MySqlDefinition Expected(MySqlDefinition source, string target)
    {
        return source with
        {
            Name = target,
            Tables = [.. source.Tables.Select(table => table with { Sql = MySqlText.Canonical(table.Sql, source.Name, target) })],
            Routines = Made(source.Routines),
            Views = Made(source.Views),
            Triggers = Made(source.Triggers),
            Events = Made(source.Events),
        };

        ImmutableArray<MySqlObject> Made(ImmutableArray<MySqlObject> objects) =>
            [.. objects.Select(found => found with { Sql = Statement(source, found, target) })];
    }

    /// <summary>The session settings of a statement that makes an object; the object keeps them.</summary>
    private static string Settings(MySqlObject found)
    {
        var sqlMode = found.SqlMode is null ? "" : $", sql_mode = {Literal(found.SqlMode)}";
        var timeZone = found.TimeZone is null ? "" : $", time_zone = {Literal(found.TimeZone)}";
        return $"SET collation_connection = {found.Collation}{timeZone}{sqlMode}";
    }

    private async Task MakeAsync(MySqlConnection session, string what, string sql, CancellationToken cancellationToken)
    {
        try
        {
            await session.ExecuteAsync(sql, cancellationToken);
        }
        catch (MySqlException exception) when (MySqlFaults.Classify(exception) == FaultCause.None)
        {
            throw Failed(what, exception);
        }
    }

    private ConcurrentTestException Failed(string what, MySqlException exception)
    {
        logger.LogDebug(exception, "The {Object} could not be copied", what);
        var remedy = exception.Number == MySqlFaults.BinaryLogNeedsSuper
            ? "; the server keeps a binary log: SET GLOBAL log_bin_trust_function_creators = 1, or use a user with the right SUPER" : "";
        return new ConcurrentTestException(
            ConcurrentTestExitCode.Incomplete, $"the {what} cannot be copied: {exception.Message} ({exception.Number}){remedy}", exception);
    }
}
