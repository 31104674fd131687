using System.Globalization;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Executes an SQL file statement by statement, as the mysql client does.</summary>
/// <param name="definers">Where they are noted; null where the session's account may define for others.</param>
/// <param name="refuse">Refuses a statement (where it is, why, what to do instead) that reaches beyond the database.</param>
internal sealed class MySqlScript(MySqlConnection connection, SqlFileStep script, MySqlDefiners? definers = null, Action<string, string, string>? refuse = null)
{
    /// <summary>Statements that end a transaction by themselves (https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html).</summary>
    private static readonly string[] Committing = ["ALTER", "ANALYZE", "CREATE", "DROP", "LOCK", "OPTIMIZE", "RENAME", "REPAIR", "TRUNCATE", "UNLOCK"];

    /// <exception cref="ConcurrentTestException">A statement failed; those before it stay done.</exception>
    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var isInTransaction = false;
        var sql = await File.ReadAllTextAsync(script.Path, cancellationToken);
        foreach (var statement in SqlScriptReader.Read(sql, SqlDialect.MySql))
        {
            try
            {
                await ExecuteAsync(statement, cancellationToken);
                isInTransaction = statement.IsInTransactionAfter(isInTransaction) && !(statement.Words is [var first, ..] && Committing.Contains(first));
            }
            catch (MySqlException exception)
            {
                if (MySqlFaults.IsDenied(exception))
                    refuse?.Invoke(Where(statement), $"{exception.Message} ({exception.Number})", Remedy(exception));
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.Incomplete, $"{Where(statement)} failed: {exception.Message} ({exception.Number})", exception);
            }
        }

        if (isInTransaction)
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"{script.Name}: the file ends inside a transaction; add COMMIT");
        // A file that has turned autocommit off means what it did since its last COMMIT too.
        await MySqlAdmin.ExecuteAsync(connection, "COMMIT", cancellationToken);
    }

    private async Task ExecuteAsync(SqlStatement statement, CancellationToken cancellationToken)
    {
        if (statement.IsClientCommand)
            throw new ConcurrentTestException(ConcurrentTestExitCode.BadSettings, Where(statement) + " is a command of the mysql client; only SQL is executed here: leave it out");
        if (statement.Words.Length > 0)
            await MySqlAdmin.ExecuteAsync(connection, definers?.Take(statement) ?? statement.Text, cancellationToken);
    }

    private static string Remedy(MySqlException exception) =>
        exception.Number == MySqlFaults.BinaryLogNeedsSuper ? "the server keeps a binary log: SET GLOBAL log_bin_trust_function_creators = 1" : "leave it out";

    private string Where(SqlStatement statement) =>
        string.Create(CultureInfo.InvariantCulture, $"{script.Name}:{statement.Line}: statement {statement.Number} ({SqlText.FirstLine(statement.Text)})");
}
