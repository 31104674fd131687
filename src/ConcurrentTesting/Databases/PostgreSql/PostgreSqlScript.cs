using System.Globalization;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Executes an SQL file statement by statement, each in a transaction of its own unless the file says otherwise, as psql does.</summary>
/// <param name="held">What the session's role may not do itself; null where it is the given account.</param>
/// <param name="refuse">Refuses a statement (where it is, why, what to do instead) that reaches beyond the database.</param>
internal sealed class PostgreSqlScript(
    NpgsqlConnection connection, SqlFileStep script, PostgreSqlHeldStatements? held = null, Action<string, string, string>? refuse = null)
{
    private readonly List<PostgresNotice> _warnings = [];

    /// <exception cref="ConcurrentTestException">A statement failed; those before it stay done.</exception>
    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var isInTransaction = false;
        connection.Notice += (_, told) => _warnings.Add(told.Notice);
        var sql = await File.ReadAllTextAsync(script.Path, cancellationToken);
        foreach (var statement in SqlScriptReader.Read(sql, SqlDialect.PostgreSql))
        {
            try
            {
                await TakeAsync(statement, isInTransaction, cancellationToken);
                isInTransaction = statement.IsInTransactionAfter(isInTransaction);
            }
            catch (PostgresException exception)
            {
                throw Failed(statement, exception);
            }
        }

        if (held is not null)
            await held.EndAsync(script.Name, cancellationToken);
        if (isInTransaction)
            throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"{script.Name}: the file ends inside a transaction; add COMMIT");
    }

    private async Task TakeAsync(SqlStatement statement, bool isInTransaction, CancellationToken cancellationToken)
    {
        if (held is null)
        {
            await ExecuteAsync(statement, cancellationToken);
            return;
        }

        if (await held.TryTakeAsync(statement, Where(statement), cancellationToken))
            return;
        _warnings.Clear();
        try
        {
            await ExecuteAsync(statement, cancellationToken);
        }
        catch (PostgresException exception) when (
            exception.SqlState == PostgreSqlFaults.InsufficientPrivilege && !isInTransaction && PostgreSqlHeldStatements.IsGrantWithin(statement))
        {
            await held.RepeatAsync(statement, Where(statement), cancellationToken);
            return;
        }

        if (await held.AfterAsync(statement, _warnings, Where(statement), cancellationToken) is { } why)
            Refuse(statement, why);
    }

    private void Refuse(SqlStatement statement, string why) =>
        refuse?.Invoke(
            Where(statement),
            why,
            statement.Words is ["CREATE", "EXTENSION", ..] ? "leave it out, name the extension with --test-template-extensions" : "leave it out");

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
        if (held is not null && exception.SqlState == PostgreSqlFaults.InsufficientPrivilege)
            Refuse(statement, $"{exception.MessageText} ({exception.SqlState})");
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
