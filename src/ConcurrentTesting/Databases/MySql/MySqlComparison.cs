using ConcurrentTesting.Databases.Templates.Scripts;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Compares a copy with what it was made from: every statement and, where nobody writes to the source, the number of rows. The
/// server leaves out in silence what we may not read, so a copy that came about without an error proves nothing.</summary>
internal sealed class MySqlComparison(MySqlAdmin admin, MySqlServerFacts facts, MySqlCopy copy)
{
    /// <param name="isQuiet">Nobody writes to the source, so that rows and counters count.</param>
    /// <exception cref="ConcurrentTestException">The copy is not the same.</exception>
    public async Task RequireSameAsync(MySqlDefinition source, string target, bool isQuiet, CancellationToken cancellationToken)
    {
        var made = await MySqlDefinitionReader.ReadAsync(admin, target, cancellationToken);
        var expected = Lines(copy.Expected(source, target), isQuiet).ToDictionary(StringComparer.Ordinal);
        var found = Lines(made, isQuiet).ToDictionary(StringComparer.Ordinal);
        if (isQuiet)
        {
            await CountAsync(source, source.Name, expected, cancellationToken);
            await CountAsync(source, target, found, cancellationToken);
        }

        RequireSame(source, target, expected, found);
    }

    /// <summary>Events are compared on their own, because once they exist they may run and change the rest.</summary>
    public async Task RequireSameEventsAsync(MySqlDefinition source, string target, CancellationToken cancellationToken)
    {
        if (source.Events.Length == 0)
            return;
        var made = await MySqlDefinitionReader.ReadAsync(admin, target, cancellationToken);
        RequireSame(
            source, target, Lines(copy.Expected(source, target).Events).ToDictionary(StringComparer.Ordinal),
            Lines(made.Events).ToDictionary(StringComparer.Ordinal));
    }

    private static void RequireSame(
        MySqlDefinition source, string target, Dictionary<string, string> expected, Dictionary<string, string> found)
    {
        var differences = expected.Keys.Union(found.Keys).Where(name => expected.GetValueOrDefault(name) != found.GetValueOrDefault(name))
            .ToArray();
        if (differences.Length == 0)
            return;
        throw new ConcurrentTestException(
            ConcurrentTestExitCode.Incomplete,
            $"the copy {target} is not the same as {source.Name}: "
            + string.Join(
                "; ", differences.Select(name => Difference(name, expected.GetValueOrDefault(name), found.GetValueOrDefault(name)))));
    }

    private IEnumerable<KeyValuePair<string, string>> Lines(MySqlDefinition definition, bool isQuiet) =>
    [
        new("the character set", $"{definition.CharacterSet} {definition.Collation}"),
        .. definition.Tables.Select(
            table => KeyValuePair.Create($"table {table.Name}", isQuiet ? table.Sql : MySqlText.WithoutAutoIncrement(table.Sql))),
        .. definition.Sequences.Select(sequence => KeyValuePair.Create(
            $"sequence {sequence.Name}",
            isQuiet ? string.Create(CultureInfo.InvariantCulture, $"{sequence.Sql} at {sequence.Next}") : sequence.Sql)),
        .. definition.Triggers.Select(
            (trigger, number) => KeyValuePair.Create($"the place of {trigger}", number.ToString(CultureInfo.InvariantCulture))),
        .. Lines(definition.Objects),
    ];

    private IEnumerable<KeyValuePair<string, string>> Lines(IEnumerable<MySqlObject> objects) =>
        objects.Where(found => !MayHavePassed(found)).Select(found => KeyValuePair.Create(
            found.ToString(),
            $"{(facts.MayDefineForOthers ? found.Sql : MySqlText.WithoutDefiner(found.Sql))} {found.SqlMode} {found.Collation} {found.TimeZone}"));

    /// <summary>An event that happens once is gone after it, and may do so between two readings.</summary>
    private static bool MayHavePassed(MySqlObject found) => found.Kind == "EVENT" && MySqlText.IsOnce(found.Sql);

    private async Task CountAsync(
        MySqlDefinition source, string database, Dictionary<string, string> lines, CancellationToken cancellationToken)
    {
        foreach (var table in source.Tables.Where(table => table.HasOwnRows))
        {
            var count = await admin.QueryAsync(
                $"SELECT COUNT(*) FROM {MySqlAdmin.Quote(database)}.{MySqlAdmin.Quote(table.Name)}", row => row.GetInt64(0),
                cancellationToken);
            lines[$"the rows of {table.Name}"] = count[0].ToString(CultureInfo.InvariantCulture);
        }
    }

    private static string Difference(string name, string? expected, string? found) => (expected, found) switch
    {
        (_, null) => $"{name} is missing",
        (null, _) => $"{name} is new",
        _ => $"{name} is '{Shortened(found, expected)}' instead of '{Shortened(expected, found)}'",
    };

    /// <summary>The part from the first difference on.</summary>
    private static string Shortened(string text, string other)
    {
        const int Longest = 80;
        var begin = Math.Max(0, text.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count() - (Longest / 4));
        return SqlText.Quote(text.Length - begin > Longest ? text[begin..(begin + Longest)] : text[begin..]);
    }
}
