using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace ConcurrentTesting.Benchmarks.Soak;

/// <summary>A server of the benchmark's own, through pg_ctl, which can be restarted. As root it belongs to the user postgres.</summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private readonly string _binaries = Directory.GetDirectories("/usr/lib/postgresql").Select(version => Path.Combine(version, "bin")).Order(StringComparer.Ordinal).Last(Directory.Exists);
    private readonly string _folder = Directory.CreateTempSubdirectory("soak-server-").FullName;

    private PostgreSqlServer()
    {
    }

    public string ConnectionString => $"Host={_folder};Username=postgres";

    private string Data => Path.Combine(_folder, "data");

    public static async Task<PostgreSqlServer> StartAsync()
    {
        var server = new PostgreSqlServer();
        if (Environment.IsPrivilegedProcess)
            await RunAsync("chown", "postgres", server._folder);
        await server.AsOwnerAsync("initdb", "-D", server.Data, "--username=postgres", "--auth=trust", "--no-sync");
        await File.AppendAllTextAsync(
            Path.Combine(server.Data, "postgresql.conf"),
            $"listen_addresses = ''\nunix_socket_directories = '{server._folder}'\nfsync = off\nmax_connections = 200\n");
        await server.AsOwnerAsync("pg_ctl", "-D", server.Data, "-l", Path.Combine(server._folder, "log"), "-w", "start");
        return server;
    }

    public Task RestartAsync() => AsOwnerAsync("pg_ctl", "-D", Data, "-l", Path.Combine(_folder, "log"), "-m", "fast", "-w", "restart");

    /// <summary>Ends every session in a worker's database.</summary>
    public Task TerminateSessionsAsync() => CountAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname LIKE 'ct\\_r\\_%'");

    public Task<long> OwnDatabasesAsync() => CountAsync("SELECT count(*) FROM pg_database WHERE datname LIKE 'ct\\_r\\_%'");

    public async ValueTask DisposeAsync()
    {
        await AsOwnerAsync("pg_ctl", "-D", Data, "-m", "immediate", "-w", "stop");
        Directory.Delete(_folder, recursive: true);
    }

    /// <returns>The first value, if there is one.</returns>
    public async Task<object?> ExecuteAsync(string sql, string database = "postgres")
    {
        await using var connection = new NpgsqlConnection($"{ConnectionString};Database={database};Pooling=False");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    private async Task<long> CountAsync(string sql) => Convert.ToInt64(await ExecuteAsync(sql), CultureInfo.InvariantCulture);

    private Task AsOwnerAsync(string program, params string[] arguments)
    {
        string[] command = [Path.Combine(_binaries, program), .. arguments];
        return Environment.IsPrivilegedProcess ? RunAsync("setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", .. command]) : RunAsync(command[0], command[1..]);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("sh", ["-c", "exec \"$@\" >/dev/null", "sh", program, .. arguments]) { WorkingDirectory = "/" })!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
