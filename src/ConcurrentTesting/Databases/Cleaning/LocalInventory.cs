using System.Net.Sockets;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.Databases.MySql;
using ConcurrentTesting.Databases.PostgreSql;
using ConcurrentTesting.Databases.Templates;
using ConcurrentTesting.Databases.Throwaway;

namespace ConcurrentTesting.Databases.Cleaning;

/// <summary>What of ours is on this machine: run folders, cached templates and data directories, databases of failed tests.</summary>
internal sealed class LocalInventory(ConcurrentTestSettings settings, ILogger logger, TimeProvider time)
{
    private readonly TemplateStore _store = new(TemplateStore.Folder(settings), time, logger);

    public async Task<IReadOnlyList<OwnItem>> ListAsync(CancellationToken cancellationToken)
    {
        var items = new List<OwnItem>();
        foreach (var root in RunFolder.Roots(settings.TemporaryDirectory).Concat(ThrowawayServers.Roots).Distinct())
            items.AddRange(RunFolder.List(root).Select(folder => OfRun(root, folder)));
        foreach (var entry in await _store.ListAsync(cancellationToken))
            items.Add(new OwnItem("template", entry.Path, entry.IsInUse, entry.Bytes, token => _store.RemoveAsync(entry.Path, token)));
        items.AddRange(Kept());
        return items;
    }

    private OwnItem OfRun(string root, (string Path, bool IsInUse) folder) => new(
        "run's folder",
        folder.Path,
        folder.IsInUse,
        TemplateStore.TrySizeOf(folder.Path),
        async token =>
        {
            await RunFolder.SweepAsync(root, ServerProcess.EndLeftoversAsync, logger, token, only: folder.Path);
            return !Directory.Exists(folder.Path);
        });

    private IEnumerable<OwnItem> Kept()
    {
        var folder = KeptDatabases.Folder(settings);
        return !Directory.Exists(folder) ? [] : Directory.EnumerateFileSystemEntries(folder).Where(KeptDatabases.IsOwn)
            .Order(StringComparer.Ordinal)
            .Select(path => new OwnItem(
                "kept database", path, IsServed(path), TemplateStore.TrySizeOf(path), _ => Task.FromResult(Remove(path))));
    }

    /// <summary>Somebody has started a server on the data that were kept, as the run told how.</summary>
    private static bool IsServed(string path) =>
        Answers(Path.Combine(path, $".s.PGSQL.{PostgreSqlProduct.Port}")) || Answers(Path.Combine(path, "data", MySqlProduct.Socket));

    private static bool Answers(string socket)
    {
        if (!File.Exists(socket))
            return false;
        try
        {
            using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            connection.Connect(new UnixDomainSocketEndPoint(socket));
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException)
        {
            // The server has ended, or its socket's path is too long for any server.
            return false;
        }
    }

    private bool Remove(string path)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive: true);
            else
                File.Delete(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("{Path} cannot be removed: {Reason}", path, exception.Message);
            return false;
        }
    }
}
