using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Templates;
using Microsoft.Data.Sqlite;

namespace ConcurrentTesting.Databases.Sqlite;

/// <summary>Makes a template file: takes the source's steps and leaves one file without a write-ahead log beside it.</summary>
/// <param name="connectionTo">How a command, like a test later, reaches the file.</param>
internal sealed class SqliteTemplateBuilder(
    ConcurrentTestSettings settings, string runId, Func<string, ConnectionValues> connectionTo, Redactor secrets, ILogger logger)
{
    private const int Busy = 5;
    private const int Locked = 6;

    private static readonly TimeSpan LongestFarewell = TimeSpan.FromSeconds(5);

    public async Task BuildAsync(TemplateSource source, string path, CancellationToken cancellationToken)
    {
        // A zero-byte file is an empty database.
        await File.WriteAllBytesAsync(path, [], cancellationToken);
        foreach (var step in source.Steps)
            await TakeAsync(step, source.Database, path, cancellationToken);
        Seal(path);
    }

    private async Task TakeAsync(TemplateStep step, string database, string path, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case SqlFileStep script:
                logger.LogDebug("Executing {Script}", script.Name);
                using (var connection = Open(path))
                    new SqliteScript(connection, script).Execute(cancellationToken);
                break;
            case CommandStep command:
                await RunAsync(command, database, path, cancellationToken);
                break;
            case HookStep { Hook: var hook }:
                await hook.RunAsync(database, connectionTo(path).ConnectionString, cancellationToken);
                break;
            case ExistingDatabaseStep existing:
                Copy(existing, path);
                break;
            // A watched path counts for the fingerprint only.
            case WatchStep:
                break;
            default:
                throw new UnreachableException(step.GetType().Name);
        }
    }

    private async Task RunAsync(CommandStep command, string database, string path, CancellationToken cancellationToken)
    {
        await new TemplateCommand(settings, secrets, logger)
            .RunAsync(command.CommandLine, database, LeaseEnvironment.OfTemplate(
                settings, runId, database, connectionTo(path)), cancellationToken);
        using var opened = Open(path);
        if (Scalar(opened, "SELECT count(*) FROM sqlite_schema") == 0)
            throw TemplateCommand.MadeNothing(secrets.Redact(command.CommandLine), settings);
    }

    /// <summary>SQLite's backup, since the source may be open elsewhere (https://www.sqlite.org/backup.html).</summary>
    private void Copy(ExistingDatabaseStep existing, string path)
    {
        var sourcePath = Path.GetFullPath(existing.Name, settings.WorkingDirectory);
        if (!File.Exists(sourcePath))
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings, $"--test-template 'db:{existing.Name}': there is no file {sourcePath}");
        }

        try
        {
            using var source = new SqliteConnection(
                new SqliteConnectionStringBuilder
                {
                    DataSource = sourcePath,
                    Mode = SqliteOpenMode.ReadOnly,
                    Pooling = false,
                }.ConnectionString);
            source.Open();
            using var target = Open(path);
            source.BackupDatabase(target);
        }
        catch (SqliteException exception)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"--test-template 'db:{existing.Name}': {sourcePath} cannot be copied: {exception.Message}");
        }
    }

    private static void Seal(string path)
    {
        using (var connection = Open(path))
        {
            if (IsBeingWritten(connection) || Scalar(connection, "PRAGMA wal_checkpoint(TRUNCATE)") != 0)
            {
                throw new ConcurrentTestException(
                    ConcurrentTestExitCode.Incomplete, $"the template {path} is still in use: its command has left a process behind");
            }
        }

        foreach (var leftover in new[] { path + "-wal", path + "-shm" })
            File.Delete(leftover);
    }

    /// <summary>A copy of a file with an open transaction would have a half of it.</summary>
    private static bool IsBeingWritten(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "BEGIN EXCLUSIVE; ROLLBACK";
        command.CommandTimeout = (int)LongestFarewell.TotalSeconds;
        try
        {
            command.ExecuteNonQuery();
            return false;
        }
        catch (SqliteException exception) when (exception.SqliteErrorCode is Busy or Locked)
        {
            return true;
        }
    }

    private static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(ConnectionString(path));
        connection.Open();
        return connection;
    }

    private static string ConnectionString(string path) =>
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString;
}
