using System.Collections.Concurrent;
using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Throwaway;
using Microsoft.Data.Sqlite;

namespace ConcurrentTesting.Databases.Sqlite;

/// <summary>SQLite: a template is a file in the <see cref="TemplateStore"/>, a clone a copy of it in the run's folder.
/// <see cref="File.Copy(string,string)"/> shares blocks (reflink) where the file system can.</summary>
internal sealed class SqliteEngine(
    ConcurrentTestSettings settings, string runId, Redactor secrets, ILogger logger, TimeProvider time) : IDatabaseEngine
{
    private const string TemplateFile = "template.db";

    /// <summary>Templates are thought to be no larger as long as they are not known.</summary>
    private const long LikelyTemplate = 64L << 20;

    /// <summary>What a clone may grow by in memory, beyond twice its template, before that memory is thought too small.</summary>
    private const long RoomToGrow = 32L << 20;

    private readonly TemplateStore _store = new(TemplateStore.Folder(settings), time, logger);
    private readonly ConcurrentBag<IDisposable> _held = [];
    private readonly ConcurrentDictionary<string, DateTime> _copied = new();
    private readonly ConcurrentDictionary<string, OriginalFile> _originals = new();
    private readonly Lock _folderGate = new();
    private long _templateBytes;
    private RunFolder? _folder;

    public string Name => "sqlite";

    public Task CheckAsync(CancellationToken cancellationToken)
    {
        var given = new SqliteConnectionStringBuilder(BaseConnectionString());
        if (given.Mode == SqliteOpenMode.Memory)
            throw Wrong("Mode=Memory: every connection would open an empty database instead of the worker's copy; leave it out");
        if (given.DataSource.Length > 0)
        {
            throw Wrong(
                $"Data Source={given.DataSource}: each worker has a file of its own; leave it out, and give db:{given.DataSource} in --test-template to begin with a copy of that file");
        }

        return Task.CompletedTask;
    }

    /// <summary>Servers of other runs have their data below the same folder.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var removed = 0;
        foreach (var root in RunFolder.Roots(settings.TemporaryDirectory))
            removed += await RunFolder.SweepAsync(root, ServerProcess.EndLeftoversAsync, logger, cancellationToken);
        return removed;
    }

    public async Task<ImmutableArray<TemplateDatabase>> EnsureTemplatesAsync(
        ImmutableArray<TemplateSource> sources, CancellationToken cancellationToken)
    {
        var ensured = ImmutableArray.CreateBuilder<TemplateDatabase>(sources.Length);
        foreach (var source in sources)
            ensured.Add(await EnsureTemplateAsync(source, cancellationToken));
        return ensured.ToImmutable();
    }

    private async Task<TemplateDatabase> EnsureTemplateAsync(TemplateSource source, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        string[] facts =
        [
            Name, LibraryVersion(), typeof(SqliteConnection).Assembly.GetName().Version!.ToString(),
            // A file of SQL makes the same database whatever its name is; hooks and commands may ask for the name.
            .. source.MayAskForName ? [source.Database] : Array.Empty<string>(),
        ];
        var fingerprint = await FingerprintAsync(cancellationToken);
        var builder = new SqliteTemplateBuilder(settings, runId, ConnectionTo, secrets, logger);

        if (!source.IsCached(settings))
        {
            await builder.BuildAsync(source, PathForThisRun(), cancellationToken);
            return Template(PathForThisRun(), hit: false);
        }

        try
        {
            var entry = await _store.GetOrBuildAsync($"sqlite-{fingerprint}", BuildAsync, cancellationToken);
            _held.Add(entry);
            await _store.EvictAsync(cancellationToken);
            return Template(Path.Combine(entry.Path, TemplateFile), entry.Hit);
        }
        catch (TemplateChangedException)
        {
            return Template(PathForThisRun(), hit: false) with { HasChanged = true };
        }

        async Task BuildAsync(string folder, CancellationToken token)
        {
            var path = Path.Combine(folder, TemplateFile);
            await builder.BuildAsync(source, path, token);
            if (await TemplateFingerprint.IsStillAsync(fingerprint, FingerprintAsync, token))
                return;
            File.Move(path, PathForThisRun(), overwrite: true);
            throw new TemplateChangedException();
        }

        Task<string> FingerprintAsync(CancellationToken token) => TemplateFingerprint.ComputeAsync(source, facts, settings, token);

        string PathForThisRun() => Path.Combine(Folder().Path, $"template-{source.Database}.db");

        TemplateDatabase Template(string path, bool hit)
        {
            Interlocked.Add(ref _templateBytes, new FileInfo(path).Length);
            return new TemplateDatabase(source, path, fingerprint, hit, Stopwatch.GetElapsedTime(started));
        }
    }

    public ConnectionValues? Foresee(TemplateSource source, string label) =>
        FolderAsExpected() is { } folder ? ConnectionTo(PathOf(folder, source, label)) : null;

    public Task<DatabaseClone> CloneAsync(TemplateDatabase template, string label, CancellationToken cancellationToken)
    {
        var path = PathOf(Folder().Path, template.Source, label);
        foreach (var stale in FilesOf(path))
            File.Delete(stale);
        CopyWhole(template.Name, path);
        _copied[path] = File.GetLastWriteTimeUtc(path);
        _originals[path] = OriginalFile.Of(path);
        return Task.FromResult(new DatabaseClone(template, path, ConnectionTo(path)));
    }

    /// <summary>Looks at the file's header and takes no lock, so that no test ever meets a busy database because of us.</summary>
    public Task<DatabaseState> ProbeAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        if (!File.Exists(clone.Name))
            return Task.FromResult(DatabaseState.Dropped);
        Span<byte> header = stackalloc byte[16];
        using var file = new FileStream(clone.Name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var read = file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (read != 0 && !header.SequenceEqual("SQLite format 3\0"u8))
            throw new InvalidDataException($"{clone.Name} is not an SQLite database any more");
        return Task.FromResult(
            _originals.TryGetValue(clone.Name, out var original) && original.IsGone ? DatabaseState.Replaced : DatabaseState.Own);
    }

    public Task<int?> ReadConnectionLimitAsync(CancellationToken cancellationToken) => Task.FromResult<int?>(null);

    public Task<bool> DropAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        LetGo(clone);
        foreach (var file in FilesOf(clone.Name))
            File.Delete(file);
        return Task.FromResult(true);
    }

    /// <summary>A library keeps no counts; a file that was written to shows it.</summary>
    public Task<DatabaseStatistics?> ReadStatisticsAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        var file = new FileInfo(clone.Name);
        if (!file.Exists)
            return Task.FromResult<DatabaseStatistics?>(null);
        var isChanged = file.LastWriteTimeUtc > _copied.GetValueOrDefault(clone.Name) || File.Exists(clone.Name + "-wal");
        return Task.FromResult<DatabaseStatistics?>(new DatabaseStatistics { Database = clone.Name, Sessions = isChanged ? 1 : null });
    }

    public Task<KeptDatabase> KeepAsync(DatabaseClone clone, CancellationToken cancellationToken)
    {
        LetGo(clone);
        var folder = Directory.CreateDirectory(KeptDatabases.Folder(settings)).FullName;
        var path = Path.Combine(folder, $"{runId}-{Path.GetFileName(clone.Name)}");
        foreach (var file in FilesOf(clone.Name).Where(File.Exists))
            File.Move(file, path + file[clone.Name.Length..]);
        return Task.FromResult(new KeptDatabase(path, $"sqlite3 {path}"));
    }

    /// <summary>Files need no second try.</summary>
    public FaultCause Classify(Exception exception) => FaultCause.None;

    /// <summary>A folder of our own is not lost.</summary>
    public CancellationToken Lost => CancellationToken.None;

    public ValueTask DisposeAsync()
    {
        foreach (var original in _originals.Values)
            original.Dispose();
        _folder?.Dispose();
        foreach (var held in _held)
            held.Dispose();
        return ValueTask.CompletedTask;
    }

    private void LetGo(DatabaseClone clone)
    {
        if (_originals.TryRemove(clone.Name, out var original))
            original.Dispose();
    }

    private static string[] FilesOf(string path) => [path, path + "-wal", path + "-shm", path + "-journal"];

    /// <summary>Whole or not there at all: what a full disk has of it would take room from the others.</summary>
    private static void CopyWhole(string source, string target)
    {
        var partial = target + ".copying";
        try
        {
            File.Copy(source, partial, overwrite: true);
            File.Move(partial, target);
        }
        catch
        {
            File.Delete(partial);
            throw;
        }
    }

    private static string LibraryVersion()
    {
        using var connection = new SqliteConnection();
        return connection.ServerVersion;
    }

    private ConnectionValues ConnectionTo(string path) =>
        new(new SqliteConnectionStringBuilder(BaseConnectionString()) { DataSource = path }.ConnectionString, path);

    private string BaseConnectionString()
    {
        try
        {
            return new SqliteConnectionStringBuilder(settings.ConnectionString).ConnectionString;
        }
        catch (ArgumentException)
        {
            // The driver's message may quote the value.
            throw Wrong("cannot be read by SQLite: give only options (Foreign Keys=True), or leave it out");
        }
    }

    private static ConcurrentTestException Wrong(string why) =>
        new(ConcurrentTestExitCode.BadSettings, $"--test-connection-string {why}");

    private RunFolder Folder()
    {
        lock (_folderGate)
            return _folder ??= CreateFolder();
    }

    private static string PathOf(string folder, TemplateSource source, string label) =>
        Path.Combine(folder, $"{source.Database}-{label}.db");

    // This folder will be made, unless the templates are larger than expected or something is in the way.
    private string? FolderAsExpected()
    {
        lock (_folderGate)
        {
            var needed = Needed(Math.Max(LikelyTemplate, Interlocked.Read(ref _templateBytes)));
            return _folder?.Path ?? RunFolder.Roots(settings.TemporaryDirectory).Where(root => RunFolder.HasRoom(root, needed))
                .Select(root => Path.Combine(root, runId)).FirstOrDefault();
        }
    }

    private long Needed(long templateBytes) => settings.Workers * ((2 * templateBytes) + RoomToGrow);

    private RunFolder CreateFolder()
    {
        var needed = Needed(Interlocked.Read(ref _templateBytes));
        foreach (var root in RunFolder.Roots(settings.TemporaryDirectory))
        {
            if (TryCreate(root, needed) is { } folder)
            {
                logger.LogDebug("The workers' databases are in {Folder}", folder.Path);
                return folder;
            }
        }

        throw new ConcurrentTestException(
            ConcurrentTestExitCode.Incomplete,
            string.Create(
                CultureInfo.InvariantCulture,
                $"no folder for the workers' databases: {string.Join(" and ", RunFolder.Roots(settings.TemporaryDirectory))} cannot be written to; --verbosity Verbose says why"));
    }

    private RunFolder? TryCreate(string root, long needed)
    {
        if (!RunFolder.HasRoom(root, needed))
        {
            logger.LogDebug("/dev/shm has less than {Needed} MiB: the workers' databases go to disk", needed >> 20);
            return null;
        }

        try
        {
            return RunFolder.Create(root, runId);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogDebug("{Root} cannot be used: {Reason}", root, exception.Message);
            return null;
        }
    }
}
