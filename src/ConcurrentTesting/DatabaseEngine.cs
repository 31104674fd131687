namespace ConcurrentTesting;

/// <summary>The database engines that can give every worker databases of its own.</summary>
public enum DatabaseEngine
{
    /// <summary>No databases: the tests bring what they need.</summary>
    None,

    /// <summary>SQLite: a template file, copied.</summary>
    Sqlite,

    /// <summary>PostgreSQL 13 or later.</summary>
    PostgreSql,

    /// <summary>MySQL 8 or MariaDB 10.6 and later.</summary>
    MySql,
}
