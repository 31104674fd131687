namespace Lending;

public enum DatabaseKind
{
    Sqlite,
    PostgreSql,
    MySql,
}
