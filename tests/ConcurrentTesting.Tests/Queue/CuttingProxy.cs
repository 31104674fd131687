using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace ConcurrentTesting.Tests.Queue;

/// <summary>Stands between machines and the queue's server, and cuts their connections.</summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, Socket> _open = [];
    private readonly string _connectionString;
    private readonly Task _accepting;
    private int _toLose;
    private int _lost;

    public CuttingProxy(string connectionString)
    {
        _connectionString = connectionString;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public string ConnectionString =>
        new NpgsqlConnectionStringBuilder(_connectionString) { Host = "127.0.0.1", Port = ((IPEndPoint)_listener.LocalEndpoint).Port, Database = "postgres" }.ConnectionString;

    /// <summary>How many answers did not reach who had asked.</summary>
    public int Lost => _lost;

    /// <summary>Cuts a connection when the server has answered, before the answer is heard.</summary>
    public void LoseNextAnswer() => _toLose = 1;

    /// <summary>How many connections were cut in the middle of whatever was said.</summary>
    public int Cut()
    {
        var cut = 0;
        foreach (var (client, server) in _open.ToArray())
        {
            client.Dispose();
            server.Dispose();
            cut++;
        }

        return cut;
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting.ContinueWith(_ => { }, TaskScheduler.Default);
        Cut();
    }

    private async Task AcceptAsync()
    {
        while (true)
            _ = ForwardAsync(await _listener.AcceptSocketAsync());
    }

    private async Task ForwardAsync(Socket client)
    {
        var given = new NpgsqlConnectionStringBuilder(_connectionString);
        var isSocket = given.Host!.StartsWith('/');
        var server = isSocket ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        _open[client] = server;
        try
        {
            await (isSocket ? server.ConnectAsync(new UnixDomainSocketEndPoint($"{given.Host}/.s.PGSQL.{given.Port}")) : server.ConnectAsync(given.Host, given.Port));
            await Task.WhenAny(CopyAsync(client, server, isAnswer: false), CopyAsync(server, client, isAnswer: true));
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
        {
            // The server is away, or it was cut.
        }

        _open.TryRemove(client, out _);
        client.Dispose();
        server.Dispose();
    }

    /// <param name="isAnswer">The server says it.</param>
    private async Task CopyAsync(Socket from, Socket to, bool isAnswer)
    {
        var buffer = new byte[1 << 16];
        try
        {
            await using var source = new NetworkStream(from);
            await using var target = new NetworkStream(to);
            while (await source.ReadAsync(buffer) is > 0 and var count && !(isAnswer && Loses()))
                await target.WriteAsync(buffer.AsMemory(0, count));
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException)
        {
            // Both ends are closed by who waits for it.
        }
    }

    private bool Loses()
    {
        var loses = Interlocked.Exchange(ref _toLose, 0);
        _lost += loses;
        return loses > 0;
    }
}
