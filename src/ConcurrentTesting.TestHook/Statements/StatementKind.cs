namespace ConcurrentTesting.TestHook.Statements;

internal enum StatementKind
{
    /// <summary>Nothing but blanks and comments.</summary>
    None,
    Read,

    /// <summary>Changes rows: INSERT, UPDATE, DELETE, MERGE, REPLACE, COPY … FROM, LOAD DATA.</summary>
    Write,

    /// <summary>Begins a transaction.</summary>
    Begin,

    /// <summary>Everything else: DDL, the end of a transaction, settings, procedures.</summary>
    Other,
}

/// <summary>What differs in how SQL is written.</summary>
internal enum SqlDialect
{
    PostgreSql,

    /// <summary>MySQL and MariaDB: backslashes in strings, <c>#</c> comments, backticks.</summary>
    MySql,
    Sqlite,
}
