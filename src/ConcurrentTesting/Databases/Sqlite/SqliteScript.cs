using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Templates.Scripts;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ConcurrentTesting.Databases.Sqlite;

/// <summary>Executes an SQL file statement by statement. SQLite itself tells where a statement ends
/// (https://www.sqlite.org/c3ref/prepare.html, pzTail), so triggers and strings need no parser of ours, and an error can name the
/// statement.</summary>
internal sealed class SqliteScript(SqliteConnection connection, SqlFileStep script)
{
    private readonly byte[] _sql = SqlScriptFile.Plain(File.ReadAllBytes(script.Path), script.Name).ToArray();

    /// <exception cref="ConcurrentTestException">A statement failed; those before it stay done.</exception>
    public void Execute(CancellationToken cancellationToken)
    {
        var number = 0;
        var rest = _sql.AsSpan();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var begin = _sql.Length - rest.Length;
            var code = raw.sqlite3_prepare_v2(connection.Handle, rest, out var statement, out var tail);
            using (statement)
            {
                if (code != raw.SQLITE_OK)
                    throw Failed(number + 1, begin);
                var isStatement = !statement.IsInvalid;
                if (isStatement)
                    Step(statement, ++number, begin);
                if (tail.IsEmpty)
                    break;
                rest = _sql.AsSpan(_sql.Length - tail.Length);
            }
        }

        SqlText.RequireEnded(script, raw.sqlite3_get_autocommit(connection.Handle) == 0);
    }

    private void Step(sqlite3_stmt statement, int number, int begin)
    {
        int code;
        do
            code = raw.sqlite3_step(statement);
        while (code == raw.SQLITE_ROW);
        if (code != raw.SQLITE_DONE)
            throw Failed(number, begin);
    }

    private ConcurrentTestException Failed(int number, int begin)
    {
        var text = Encoding.UTF8.GetString(_sql.AsSpan(begin));
        var start = SqlText.SkipBlanksAndComments(text);
        var line = 1 + Lines(Encoding.UTF8.GetString(_sql.AsSpan(0, begin))) + Lines(text[..start]);
        var message = raw.sqlite3_errmsg(connection.Handle).utf8_to_string();
        return new ConcurrentTestException(
            ConcurrentTestExitCode.Incomplete, $"{SqlText.Where(script, line, number, text[start..])} failed: {message}");
    }

    private static int Lines(string text) => text.Count(character => character == '\n');
}
