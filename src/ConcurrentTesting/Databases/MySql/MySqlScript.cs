using ConcurrentTesting.Databases.Server;
using ConcurrentTesting.Databases.Templates.Scripts;
using ConcurrentTesting.Databases.Templates;
using MySqlConnector;

namespace ConcurrentTesting.Databases.MySql;

/// <summary>Executes an SQL file statement by statement, as the mysql client does.</summary>
/// <param name="definers">Notes the definers that the script names; null where the session's account may define for others.</param>
/// <param name="refuse">Refuses a statement (where it is, why, what to do instead) that reaches beyond the database.</param>
internal sealed class MySqlScript(
    MySqlConnection connection, SqlFileStep script, MySqlDefiners? definers = null, Action<string, string, string>? refuse = null)
{
    /// <summary>Statements that end a transaction by themselves (https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html).</summary>
    private static readonly string[] Committing =
        ["ALTER", "ANALYZE", "CREATE", "DROP", "LOCK", "OPTIMIZE", "RENAME", "REPAIR", "TRUNCATE", "UNLOCK"];

    private readonly MySqlBytes _bytes = new(connection);

    /// <exception cref="ConcurrentTestException">A statement failed; those before it stay done.</exception>
    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var isInTransaction = false;
        var sql = await SqlScriptFile.ReadAsync(script, cancellationToken);
        foreach (var statement in SqlScriptReader.Read(sql, SqlDialect.MySql))
        {
            try
            {
                if (await ExecuteAsync(statement, cancellationToken) is { } damaged)
                    throw NotText(sql, statement, damaged);
                isInTransaction = statement.IsInTransactionAfter(isInTransaction)
                    && !(statement.Words is [var first, ..] && Committing.Contains(first));
            }
            catch (MySqlException exception)
                when (MySqlBytes.IsOfText(exception.Number, exception.Message) && !MySqlBytes.IsUtf8(statement.Text))
            {
                throw NotText(sql, statement, exception.Message);
            }
            catch (MySqlException exception) when (!MySqlFaults.Classify(exception).IsOfConnection())
            {
                if (MySqlFaults.IsDenied(exception))
                    refuse?.Invoke(Where(statement), $"{exception.Message} ({exception.Number})", RemedyOfRefusal(exception.Number));
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.Incomplete,
                    $"{Where(statement)} failed: {exception.Message} ({exception.Number}){Remedy(exception.Number)}",
                    exception);
            }
        }

        SqlText.RequireEnded(script, isInTransaction);
        // A file that turned autocommit off expects its last statements to be committed too.
        await connection.ExecuteAsync("COMMIT", cancellationToken);
    }

    /// <returns>What the server says of text that it could not take as it is; null where all is well.</returns>
    private async Task<string?> ExecuteAsync(SqlStatement statement, CancellationToken cancellationToken)
    {
        if (statement.IsClientCommand)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                Where(statement) + " is a command of the mysql client; only SQL is executed here: leave it out");
        }

        return statement.Words.Length > 0 ? await _bytes.ExecuteAsync(definers?.Take(statement) ?? statement, cancellationToken) : null;
    }

    /// <summary>A string is not text in its encoding: the server would shorten it, or put question marks into it.</summary>
    private ConcurrentTestException NotText(SqlScriptFile sql, SqlStatement statement, string message)
    {
        var offset = statement.Offset + MySqlBytes.PlaceOf(message, statement);
        var wrong = SqlTextCheck.Wrong(script, sql, offset, statement.Encoding, SqlDialect.MySql);
        return new ConcurrentTestException(wrong.ExitCode, $"{wrong.Message} ({message})");
    }

    /// <summary>Remedies for statements of dumps that only fit the server on which they were made.</summary>
    private static string Remedy(int number) => number switch
    {
        MySqlFaults.UnknownSystemVariable => "; is the dump a newer server's, or another product's? Leave the line out",
        MySqlFaults.UnknownCharacterSet or MySqlFaults.UnknownCollation =>
            "; is the dump a newer server's, or another product's? Write a collation into it that this server has, as utf8mb4_general_ci",
        MySqlFaults.NoSuchDefiner => "; create the user on the server, or leave DEFINER=… out of the dump",
        MySqlFaults.RightMissing => "; leave DEFINER=… and SET of global variables out of the dump",
        _ => "",
    };

    private static string RemedyOfRefusal(int number) =>
        number == MySqlFaults.BinaryLogNeedsSuper
            ? "the server keeps a binary log: SET GLOBAL log_bin_trust_function_creators = 1"
            : "leave it out";

    private string Where(SqlStatement statement) => SqlText.Where(script, statement.Line, statement.Number, statement.Readable);
}
