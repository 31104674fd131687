using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>Stands before a server as a connection pooler does: the session that greets a client is not the one that answers it.</summary>
internal sealed class Pooler : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly EndPoint _server;
    private readonly Action<Memory<byte>> _alter;
    private readonly Task _accepting;

    /// <param name="alter">Changes what the server says first to a client that it lets in.</param>
    public Pooler(EndPoint server, Action<Memory<byte>> alter)
    {
        _server = server;
        _alter = alter;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What PostgreSQL says ends with the key by which the session's queries could be cancelled, which begins with its process.</summary>
    public static void AlterPostgreSql(Memory<byte> said)
    {
        const int LengthAt = 1, ProcessAt = 5;
        for (var rest = said.Span; rest.Length > ProcessAt; rest = rest[(LengthAt + BinaryPrimitives.ReadInt32BigEndian(rest[LengthAt..]))..])
        {
            if (rest[0] == 'K')
                BinaryPrimitives.WriteInt32BigEndian(rest[ProcessAt..], 1 + BinaryPrimitives.ReadInt32BigEndian(rest[ProcessAt..]));
        }
    }

    /// <summary>MySQL greets with a header of four bytes, the protocol's version, its own, which ends with a zero, and its thread.</summary>
    public static void AlterMySql(Memory<byte> said)
    {
        const int VersionAt = 5;
        var thread = said.Span[(VersionAt + said.Span[VersionAt..].IndexOf((byte)0) + 1)..];
        BinaryPrimitives.WriteUInt32LittleEndian(thread, 1 + BinaryPrimitives.ReadUInt32LittleEndian(thread));
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting.ContinueWith(_ => { }, TaskScheduler.Default);
    }

    private async Task AcceptAsync()
    {
        while (true)
            _ = ForwardAsync(await _listener.AcceptSocketAsync());
    }

    private async Task ForwardAsync(Socket accepted)
    {
        using var client = accepted;
        using var server = new Socket(_server.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await server.ConnectAsync(_server);
            await Task.WhenAny(CopyAsync(client, server, _ => { }), CopyAsync(server, client, _alter));
        }
        catch (SocketException)
        {
            // The server has ended.
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, Action<Memory<byte>> alterFirst)
    {
        var buffer = new byte[1 << 16];
        try
        {
            for (var isFirst = true; await from.ReceiveAsync(buffer) is > 0 and var count; isFirst = false)
            {
                if (isFirst)
                    alterFirst(buffer.AsMemory(0, count));
                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // One end has closed it.
        }
    }
}
