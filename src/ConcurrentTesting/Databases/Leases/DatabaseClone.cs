using ConcurrentTesting.Databases.Templates;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>A worker's private copy of a template.</summary>
/// <param name="Template">What it is a copy of.</param>
/// <param name="Name">The database's name (SQLite: its file's path), never used twice.</param>
/// <param name="Connection">How a test reaches it.</param>
internal sealed record DatabaseClone(TemplateDatabase Template, string Name, ConnectionValues Connection)
{
    /// <summary>Leaves out the connection, which may hold a password.</summary>
    public override string ToString() => Name;
}

/// <summary>The values that the patterns of <see cref="ConcurrentTestSettings.Environment"/> are filled with.</summary>
internal sealed record ConnectionValues(
    string ConnectionString,
    string Database,
    string Host = "",
    string Port = "",
    string Username = "",
    string Password = "")
{
    /// <summary>Tells the database only: the rest may be secret.</summary>
    public override string ToString() => Database;
}
