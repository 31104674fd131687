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

    /// <summary>A run in a process of its own.</summary>
    internal HostedRun Start(ConcurrentTestSettings settings, string run) =>
        HostedRun.Start(settings.Database, settings.ConnectionString, settings.TemporaryDirectory, Path.Combine(Folder.Path, settings.Template[0]), run);

    /// <summary>Starts a run and kills it.</summary>
    /// <param name="moment">The line that it says.</param>
    /// <param name="milliseconds">How long it then goes on.</param>
    protected async Task KillAtAsync(ConcurrentTestSettings settings, string run, string moment, int milliseconds)
    {
        using var killed = Start(settings, run);
        await killed.ReachAsync(moment, CancellationToken);
        if (milliseconds > 0)
        {
            await killed.GoOnAsync();
            // The moment itself is what is tested: there is no event to wait for.
            await Task.Delay(milliseconds, CancellationToken);
        }

        killed.Kill();
    }
}
