using System.Diagnostics;

namespace ConcurrentTesting.Databases.Throwaway;

/// <summary>A server under the eyes of a small shell that reads a pipe from us. The pipe's end, which comes with our death however we die,
/// makes the shell kill the server and remove its data; so nothing is left running and no memory stays taken. A session of its own keeps
/// the terminal's Ctrl-C away from both.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    // $1 is the signal that stops the server in good order, $2 the one that ends it at once, $3 the data directory, $4 the log; the rest is
    // the server's command line. A word on the pipe stops the server and keeps its data. The inner shell notes the exit, and a process id
    // is only killed while no exit is noted. A server whose id cannot be written, because the disk is full, is ended at once.
    private const string Supervisor =
        """
        stop=$1 kill=$2 data=$3 log=$4; shift 4
        ( "$@" >"$log" 2>&1 & echo $! >"$data.pid" || kill -KILL $!; wait $!; echo $? >"$data.exit" ) &
        keeper=$!
        word=
        read -r word
        while [ ! -s "$data.pid" ] && [ ! -e "$data.exit" ]; do sleep 0.01; done
        server=$(cat "$data.pid")
        [ "$word" = stop ] && signal=$stop || signal=$kill
        [ -e "$data.exit" ] || kill -"$signal" "$server" 2>/dev/null
        wait $keeper
        [ "$word" = stop ] || rm -rf -- "$data"
        """;

    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private const string ExitExtension = ".exit";
    private const string ProcessExtension = ".pid";

    private readonly Process _supervisor;
    private readonly string _log;

    private ServerProcess(Process supervisor, string connectionString, string dataDirectory, string log)
    {
        _supervisor = supervisor;
        _log = log;
        ConnectionString = connectionString;
        DataDirectory = dataDirectory;
    }

    /// <summary>The administrator's, without a database.</summary>
    public string ConnectionString { get; }

    public string DataDirectory { get; }

    /// <param name="folder">Below a run folder; the data directory <c>data</c> in it is ready.</param>
    public static async Task<ServerProcess> StartAsync(
        IServerProduct product, ServerAccount account, string folder, bool isInMemory, ILogger logger, CancellationToken cancellationToken)
    {
        var data = Path.Combine(folder, "data");
        var log = Path.Combine(folder, "server.log");
        var launch = product.Launch(data, folder, isInMemory);
        await account.OwnAsync(folder, cancellationToken);
        string[] supervised =
            ["/bin/sh", "-c", Supervisor, "supervisor", product.StopSignal, product.KillSignal, data, log, .. launch.CommandLine];
        var hasSessions = OperatingSystem.IsLinux();
        var start = hasSessions
            ? account.StartInfo("setsid", supervised, folder)
            : account.StartInfo(supervised[0], supervised[1..], folder);
        var server = new ServerProcess(ServerAccount.Start(start), launch.ConnectionString, data, log);
        try
        {
            var started = Stopwatch.GetTimestamp();
            await server.WaitUntilReadyAsync(product, folder, cancellationToken);
            if (launch.AfterStartAsync is { } finish)
                await finish(cancellationToken);
            logger.LogDebug(
                "Started {Program} on {Folder} in {Milliseconds:0} ms", launch.CommandLine[0], data,
                Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops the server in good order, so that the data directory can be started from again.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _supervisor.StandardInput.WriteLineAsync("stop".AsMemory(), cancellationToken);
        await _supervisor.StandardInput.FlushAsync(cancellationToken);
        await _supervisor.WaitForExitAsync(cancellationToken);
        if (File.ReadAllText(DataDirectory + ExitExtension).Trim() != "0")
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"the throwaway server did not stop in good order: {LogEnd()}");
        }
    }

    /// <summary>Ends the server at once, and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        _supervisor.StandardInput.Close();
        await _supervisor.WaitForExitAsync();
        _supervisor.Dispose();
    }

    /// <summary>Ends the servers whose data is below a dead run's folder: normally their supervisors have, or are about to.</summary>
    /// <returns>Whether none lives.</returns>
    public static async Task<bool> EndLeftoversAsync(string runFolder, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        foreach (var file in Directory.EnumerateFiles(runFolder, "*" + ProcessExtension, SearchOption.AllDirectories).ToArray())
        {
            while (RunningOn(file) is { } server)
            {
                var waited = Stopwatch.GetElapsedTime(started);
                if (waited > LongestEnd)
                    return false;
                // The supervisor gets the first chance, because it may already be ending the server.
                if (waited > LongestEnd / 5)
                    server.Kill();
                await Task.Delay(PollInterval, cancellationToken);
            }
        }

        return true;
    }

    /// <summary>The process of the id in the file, if its command line says that it is the server of the directory beside.</summary>
    private static Process? RunningOn(string file)
    {
        if (!File.Exists(file) || !int.TryParse(File.ReadAllText(file), out var id))
            return null;
        try
        {
            var data = file[..^ProcessExtension.Length];
            return CommandLineOf(id).Contains(data, StringComparison.Ordinal) ? Process.GetProcessById(id) : null;
        }
        catch (Exception exception) when (exception is ArgumentException or IOException)
        {
            return null;
        }
    }

    private static string CommandLineOf(int id)
    {
        if (OperatingSystem.IsLinux())
            return File.Exists($"/proc/{id}/cmdline") ? File.ReadAllText($"/proc/{id}/cmdline") : "";
        using var ps = ServerAccount.Start(new ProcessStartInfo("ps", ["-o", "command=", "-p", $"{id}"]) { RedirectStandardOutput = true });
        return ps.StandardOutput.ReadToEnd();
    }

    private async Task WaitUntilReadyAsync(IServerProduct product, string folder, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestStart);
        try
        {
            while (!await product.IsReadyAsync(DataDirectory, folder, limit.Token))
            {
                if (File.Exists(DataDirectory + ExitExtension))
                    throw new ConcurrentTestException(ConcurrentTestExitCode.Incomplete, $"the throwaway server ended at once: {LogEnd()}");
                await Task.Delay(PollInterval, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete, $"the throwaway server is not ready after {LongestStart.TotalSeconds:0} s: {LogEnd()}");
        }
    }

    private string LogEnd() => File.Exists(_log) ? ServerAccount.LastLines(File.ReadAllText(_log)) : "it wrote no log";
}
