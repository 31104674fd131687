using System.Globalization;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Executes an SQL file statement by statement, each in a transaction of its own unless the file says otherwise, as psql does.</summary>
internal sealed class PostgreSqlScript(NpgsqlConnection connection, SqlFileStep script)
{
    /// <exception cref="ConcurrentTestException">A statement failed; those before it stay done.</exception>
    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var isInTransaction = false;
        var sql = await File.ReadAllTextAsync(script.Path, cancellationToken);
        foreach (var statement in SqlScriptReader.Read(sql, SqlDialect.PostgreSql))
        {
            try
            {
                await ExecuteAsync(statement, cancellationToken);
                isInTransaction = statement.IsInTransactionAfter(isInTransaction);
            }
            catch (PostgresException exception)
            {
                throw Failed(statement, exception);
            }
        }

        if (isInTransaction)
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"{script.Name}: the file ends inside a transaction; add COMMIT");
    }

    private async Task ExecuteAsync(SqlStatement statement, CancellationToken cancellationToken)
    {
        if (statement.IsClientCommand)
            throw new ConcurrentTestException(ConcurrentTestExitCode.BadSettings, Where(statement) + " is a command of psql; only SQL is executed here: leave it out");
        if (statement.CopyData is { } rows)
        {
            await using var copy = await connection.BeginTextImportAsync(statement.Text, cancellationToken);
            await copy.WriteAsync(rows.AsMemory(), cancellationToken);
            return;
        }

        // A batch of one: it is sent as it is, where a command would be searched for semicolons and placeholders.
        await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
        batch.BatchCommands.Add(new NpgsqlBatchCommand(statement.Text));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private ConcurrentTestException Failed(SqlStatement statement, PostgresException exception)
    {
        var line = statement.Line + Math.Max(0, LinesBefore(statement.Text, exception.Position));
        var at = line == statement.Line ? "" : string.Create(CultureInfo.InvariantCulture, $" at line {line}");
        return new ConcurrentTestException(
            ConcurrentTestExitCode.Incomplete, $"{Where(statement)} failed{at}: {exception.MessageText} ({exception.SqlState})", exception);
    }

    private string Where(SqlStatement statement) =>
        string.Create(CultureInfo.InvariantCulture, $"{script.Name}:{statement.Line}: statement {statement.Number} ({SqlText.FirstLine(statement.Text)})");

    /// <param name="position">Counted in characters from 1; 0 where the server did not say.</param>
    private static int LinesBefore(string text, int position) => text.AsSpan(0, Math.Clamp(position - 1, 0, text.Length)).Count('\n');
}
