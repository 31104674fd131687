using System.Buffers;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Templates.Scripts;
using Npgsql;

namespace ConcurrentTesting.Databases.PostgreSql;

/// <summary>Executes an SQL file statement by statement, each in a transaction of its own unless the file says otherwise, as psql
/// does.</summary>
/// <param name="connection">One that sends a byte for each character: <see cref="PostgreSqlAdmin.OpenByteSessionAsync"/>.</param>
/// <param name="held">Takes statements that the session's role may not execute; null where the session is the given account's.</param>
/// <param name="refuse">Refuses a statement (where it is, why, what to do instead) that reaches beyond the database.</param>
internal sealed partial class PostgreSqlScript(
    NpgsqlConnection connection, SqlFileStep script, PostgreSqlHeldStatements? held = null, Action<string, string, string>? refuse = null)
{
    private const int CopyBlock = 1 << 16;

    private readonly List<PostgresNotice> _warnings = [];

    /// <exception cref="ConcurrentTestException">A statement failed; those before it stay done.</exception>
    public async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        var isInTransaction = false;
        connection.Notice += (_, told) => _warnings.Add(told.Notice);
        var sql = await SqlScriptFile.ReadAsync(script, cancellationToken);
        foreach (var statement in SqlScriptReader.Read(sql, SqlDialect.PostgreSql))
        {
            try
            {
                await TakeAsync(statement, isInTransaction, cancellationToken);
                isInTransaction = statement.IsInTransactionAfter(isInTransaction);
            }
            catch (PostgresException exception) when (!PostgreSqlFaults.Classify(exception).IsOfConnection())
            {
                throw Failed(sql, statement, exception);
            }
        }

        if (held is not null)
            await held.EndAsync(script.Name, cancellationToken);
        SqlText.RequireEnded(script, isInTransaction);
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
            exception.SqlState == PostgreSqlFaults.InsufficientPrivilege && !isInTransaction
                && PostgreSqlHeldStatements.IsGrantWithin(statement))
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
            statement.Words is ["CREATE", "EXTENSION", ..]
                ? "leave it out, name the extension with --test-template-extensions"
                : "leave it out");

    private async Task ExecuteAsync(SqlStatement statement, CancellationToken cancellationToken)
    {
        if (statement.IsClientCommand && statement.Words is not ["\\ENCODING"])
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings, Where(statement) + " is a command of psql; only SQL is executed here: leave it out");
        }

        if (statement.CopyData is { } rows)
        {
            await using var copy = await connection.BeginTextImportAsync(statement.Text, cancellationToken);
            await WriteAsync(rows, copy.BaseStream, cancellationToken);
            return;
        }

        if (Sql(statement) is { Length: > 0 } sql)
        {
            // A batch of one statement is sent unchanged; a command would be searched for semicolons and placeholders.
            await using var batch = new NpgsqlBatch(connection) { Timeout = 0 };
            batch.BatchCommands.Add(new NpgsqlBatchCommand(sql));
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static string Sql(SqlStatement statement)
    {
        if (!statement.IsClientCommand)
            return statement.Text;
        var encoding = PostgreSqlEncodingTracker.Argument(statement);
        return encoding.Length == 0 ? "" : $"SET client_encoding TO {PostgreSqlAdmin.Literal(encoding)}";
    }

    /// <summary>Writes to the stream beneath the writer, because the writer would encode the rows as UTF-8.</summary>
    private static async Task WriteAsync(string rows, Stream copy, CancellationToken cancellationToken)
    {
        var block = ArrayPool<byte>.Shared.Rent(CopyBlock);
        for (var begin = 0; begin < rows.Length; begin += CopyBlock)
        {
            var count = Encoding.Latin1.GetBytes(rows, begin, Math.Min(CopyBlock, rows.Length - begin), block, 0);
            await copy.WriteAsync(block.AsMemory(0, count), cancellationToken);
        }

        ArrayPool<byte>.Shared.Return(block);
    }

    private ConcurrentTestException Failed(SqlScriptFile sql, SqlStatement statement, PostgresException exception)
    {
        if (held is not null && exception.SqlState == PostgreSqlFaults.InsufficientPrivilege)
            Refuse(statement, $"{statement.Encoding.Decode(exception.MessageText)} ({exception.SqlState})");
        var line = statement.CopyData is not null && CopyLine().Match(exception.Where ?? "") is { Success: true } copied
            ? sql.Bytes.AsSpan(0, statement.CopyOffset).Count('\n') + int.Parse(copied.Groups["line"].Value, CultureInfo.InvariantCulture)
            : statement.Line + Math.Max(0, LinesBefore(statement.Readable, exception.Position));
        var at = line == statement.Line ? "" : string.Create(CultureInfo.InvariantCulture, $" at line {line}");
        var isText = exception.SqlState == PostgresErrorCodes.CharacterNotInRepertoire;
        return new ConcurrentTestException(
            isText ? ConcurrentTestExitCode.BadSettings : ConcurrentTestExitCode.Incomplete,
            $"{Where(statement)} failed{at}: {statement.Encoding.Decode(exception.MessageText)} ({exception.SqlState}){Remedy(exception)}",
            exception);
    }

    /// <summary>Remedies for statements of dumps that only fit the server on which they were made.</summary>
    private static string Remedy(PostgresException exception) => exception.SqlState switch
    {
        PostgresErrorCodes.CharacterNotInRepertoire =>
            "; say what encoding the file is in: SET client_encoding = 'LATIN1'; in its first line",
        PostgresErrorCodes.UndefinedObject when exception.MessageText.StartsWith("role ", StringComparison.Ordinal) =>
            "; create the role on the server, or make the dump without owners and rights: pg_dump --no-owner --no-privileges",
        PostgresErrorCodes.UndefinedObject when exception.MessageText.StartsWith("unrecognized configuration ", StringComparison.Ordinal) =>
            "; is the dump a newer server's? Leave the line out, or make the dump with the pg_dump of this server's version",
        _ => "",
    };

    private string Where(SqlStatement statement) => SqlText.Where(script, statement.Line, statement.Number, statement.Readable);

    /// <param name="position">Counted in characters from 1; 0 where the server did not say.</param>
    private static int LinesBefore(string text, int position) => text.AsSpan(0, Math.Clamp(position - 1, 0, text.Length)).Count('\n');

    [GeneratedRegex(@"^COPY \S+, line (?<line>\d+)")]
    private static partial Regex CopyLine();
}
