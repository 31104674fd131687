namespace ConcurrentTesting.Databases.Templates.Scripts;

/// <summary>Whose lexical rules an SQL script follows.</summary>
internal enum SqlDialect
{
    Sqlite,
    PostgreSql,
    MySql,
}
