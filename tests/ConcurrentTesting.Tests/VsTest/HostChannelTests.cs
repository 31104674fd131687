using System.Net;
using System.Net.Sockets;
using System.Text;
using ConcurrentTesting.VsTest;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.VsTest;

/// <summary>The messages of a test host, which the platform writes and reads with <see cref="BinaryWriter"/> and <see cref="BinaryReader"/>.</summary>
public sealed class HostChannelTests : IDisposable
{
    private readonly Socket _host = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly HostChannel _channel;

    public HostChannelTests()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        _host.Connect(listener.LocalEndpoint);
        _channel = new HostChannel(listener.AcceptSocket());
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _channel.Dispose();
        _host.Dispose();
    }

    private async Task<string?> ReadAsync() =>
        await _channel.ReadAsync(Cancellation) is { } message ? Encoding.UTF8.GetString(message.Span) : null;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(16_383)]
    [InlineData(16_384)]
    [InlineData(3_000_000)]
    public async Task Message_of_any_length_arrives_both_ways(int length)
    {
        var sent = new string('x', Math.Max(0, length - 2)) + (length >= 2 ? "é" : new string('y', length));
        using var stream = new NetworkStream(_host);
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        using var reader = new BinaryReader(stream, Encoding.UTF8);

        var writing = Task.Run(() => writer.Write(sent), Cancellation);
        (await ReadAsync()).ShouldBe(sent);
        await writing;
        var sending = Task.Run(() => _channel.Send(sent), Cancellation);
        reader.ReadString().ShouldBe(sent);
        await sending;
    }

    [Fact]
    public async Task Messages_that_arrive_together_are_told_apart()
    {
        using var together = new MemoryStream();
        using (var writer = new BinaryWriter(together, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write("first");
            writer.Write("");
            writer.Write("third");
        }

        await _host.SendAsync(together.ToArray(), Cancellation);

        (await ReadAsync()).ShouldBe("first");
        (await ReadAsync()).ShouldBe("");
        (await ReadAsync()).ShouldBe("third");
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x85 })]
    [InlineData(new byte[] { 5, (byte)'h', (byte)'a' })]
    public async Task Host_that_ends_amid_a_message_has_ended(byte[] last)
    {
        await _host.SendAsync(last, Cancellation);
        _host.Shutdown(SocketShutdown.Send);

        (await ReadAsync()).ShouldBeNull();
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1 })]
    [InlineData(new byte[] { 0xFF, 0xFF, 0xFF, 0xFF, 0x0F })]
    public async Task Length_that_is_none_is_told(byte[] length)
    {
        await _host.SendAsync(length, Cancellation);

        await Should.ThrowAsync<InvalidDataException>(async () => await _channel.ReadAsync(Cancellation));
    }
}
