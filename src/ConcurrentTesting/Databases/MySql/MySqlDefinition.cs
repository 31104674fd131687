namespace ConcurrentTesting.Databases.MySql;

/// <summary>Everything in a database but its rows, as the statements that make it.</summary>
/// <param name="Name">The database that it was read from.</param>
internal sealed record MySqlDefinition(
    string Name,
    string CharacterSet,
    string Collation,
    ImmutableArray<MySqlTable> Tables,
    ImmutableArray<MySqlSequence> Sequences,
    ImmutableArray<MySqlObject> Routines,
    ImmutableArray<MySqlObject> Views,
    ImmutableArray<MySqlObject> Triggers,
    ImmutableArray<MySqlObject> Events)
{
    /// <summary>All objects in the order in which they are made.</summary>
    public IEnumerable<MySqlObject> Objects => [.. Routines, .. Views, .. Triggers, .. Events];
}

/// <param name="Sql">What <c>SHOW CREATE TABLE</c> says.</param>
/// <param name="Columns">Those that are not generated, in order.</param>
/// <param name="Bytes">About, by the server's statistics.</param>
/// <param name="IsVersioned">It has a history, which a copy does not get.</param>
internal sealed record MySqlTable(string Name, string Engine, string Sql, ImmutableArray<string> Columns, long Bytes, bool IsVersioned)
{
    /// <summary>Tables of some engines store their rows elsewhere: a copy would write there, or find the rows there anyway.</summary>
    private static readonly string[] Elsewhere = ["FEDERATED", "SPIDER", "CONNECT", "S3", "SPHINX", "MRG_MYISAM", "BLACKHOLE", "OQGRAPH"];

    public bool HasOwnRows => !Elsewhere.Contains(Engine, StringComparer.OrdinalIgnoreCase);
}

/// <param name="Next">The first number that the server has not yet set aside.</param>
internal sealed record MySqlSequence(string Name, string Sql, long Next, long Round);

/// <summary>A routine, a view, a trigger or an event, with the session settings that it was made under and keeps.</summary>
/// <param name="Kind">As in <c>DROP</c>: <c>PROCEDURE</c>, <c>PACKAGE BODY</c>, <c>VIEW</c> …</param>
/// <param name="Definer"><c>user@host</c>.</param>
/// <param name="SqlMode">Null where it does not count.</param>
internal sealed record MySqlObject(
    string Kind, string Name, string Sql, string Definer, string? SqlMode, string Collation, string? DatabaseCollation, string? TimeZone)
{
    public override string ToString() => $"{Kind.ToLowerInvariant()} {Name}";
}
