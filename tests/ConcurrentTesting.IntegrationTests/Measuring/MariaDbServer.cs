using System.Diagnostics;
using MySqlConnector;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>A MariaDB server on a Unix socket, for the tests of one class.</summary>
public sealed class MariaDbServer : IAsyncLifetime
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("measured-my-");
    private Process? _server;

    public string ConnectionString => $"Server={_folder.FullName}/s;Protocol=Unix;User ID=root;Database=measured";

    public async ValueTask InitializeAsync()
    {
        await RunAsync("chown", "nobody", _folder.FullName);
        await RunAsync("runuser", "-u", "nobody", "--", "mariadb-install-db", "--no-defaults", $"--datadir={_folder.FullName}/data", "--auth-root-authentication-method=normal", "--skip-test-db");
        _server = Start("runuser", "-u", "nobody", "--", Program("mariadbd"), "--no-defaults", $"--datadir={_folder.FullName}/data", $"--socket={_folder.FullName}/s", "--skip-networking", $"--pid-file={_folder.FullName}/pid");
        await WaitUntilReadyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            // runuser passes the signal on to the server only when it is asked to end, not when it is killed.
            await RunAsync("kill", "-TERM", (await File.ReadAllTextAsync($"{_folder.FullName}/pid")).Trim());
            await _server.WaitForExitAsync();
            _server.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private async Task WaitUntilReadyAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = new MySqlConnection($"Server={_folder.FullName}/s;Protocol=Unix;User ID=root;Pooling=False");
                await connection.OpenAsync();
                await using var command = new MySqlCommand("CREATE DATABASE measured; CREATE TABLE measured.note (text varchar(200))", connection);
                await command.ExecuteNonQueryAsync();
                return;
            }
            catch (MySqlException) when (Stopwatch.GetElapsedTime(started) < LongestStart && !_server!.HasExited)
            {
                await Task.Delay(20);
            }
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}: {await process.StandardError.ReadToEndAsync()}");
    }

    private static Process Start(string program, params string[] arguments) => Process.Start(new ProcessStartInfo(Program(program), arguments)
    {
        RedirectStandardError = true,
        RedirectStandardOutput = true,
    })!;

    private static string Program(string name) =>
        new[] { "/usr/sbin", "/usr/bin", "/sbin", "/bin" }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException($"{name} is not installed; MariaDB comes with Debian's package mariadb-server.");
}
