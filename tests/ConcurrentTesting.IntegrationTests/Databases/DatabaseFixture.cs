using ConcurrentTesting.Databases;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>What tests of databases on servers have in common: a folder, a log, and runs with ids of their own.</summary>
public abstract class DatabaseFixture(DatabaseServers servers) : IDisposable
{
    private static int _numbers;

    private readonly TemporaryFolder _folder = new();

    protected DatabaseServers Servers => servers;

    internal LogLines Log { get; } = new();

    internal TemporaryFolder Folder => _folder;

    protected static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>A name for this test alone: a run id, a role, a database.</summary>
    protected static string UniqueName() => $"it{Environment.ProcessId}x{Interlocked.Increment(ref _numbers)}";

    /// <summary>A script that no other test's template has.</summary>
    protected string Script(string sql, string name = "schema.sql") => _folder.Write(name, $"{sql}\n-- {_folder.Path}");

    internal TestDatabases Create(ConcurrentTestSettings settings, string? runId = null) =>
        TestDatabases.Create(settings, runId ?? UniqueName(), Log, TimeProvider.System);

    internal async Task<TestDatabases> PreparedAsync(ConcurrentTestSettings settings, string? runId = null)
    {
        var databases = Create(settings, runId);
        await databases.CheckAsync(CancellationToken);
        await databases.SweepAsync(CancellationToken);
        await databases.PrepareAsync(CancellationToken);
        return databases;
    }

    protected ConcurrentTestSettings Settings(DatabaseEngine engine, string? connectionString, params string[] template) => new()
    {
        Database = engine,
        ConnectionString = connectionString,
        Template = [.. template],
        RootDirectory = _folder.Path,
        WorkingDirectory = _folder.Path,
        TemporaryDirectory = servers.TemporaryDirectory,
        RetryDelay = TimeSpan.FromMilliseconds(50),
    };
}
