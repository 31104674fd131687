using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace ConcurrentTesting.VsTest;

/// <summary>The platform's messages to and from one test host. Each is a text in UTF-8 with its length in bytes before it, seven bits a
/// byte, the lowest first.</summary>
///
/// <remarks>
/// https://github.com/microsoft/vstest/blob/main/src/Microsoft.TestPlatform.CommunicationUtilities/LengthPrefixCommunicationChannel.cs
/// </remarks>
internal sealed class HostChannel : IDisposable
{
    // Five bytes of seven bits each hold any length.
    private const int LongestLength = 5;
    private const int BitsOfByte = 7;
    private const byte MoreFollows = 0x80;
    private const int BufferSize = 32 * 1024;
    private const int LongestKept = 1 << 20;

    private readonly NetworkStream _stream;
    private readonly PipeReader _reader;
    private readonly BinaryWriter _writer;
    private readonly Lock _sending = new();

    // The buffer holds the last message, unless that is unusually long.
    private byte[] _message = new byte[BufferSize];

    // The time when the message began that is being received or handled; it is 0 between messages.
    private long _begun;

    /// <param name="socket">Connected; the channel closes it.</param>
    public HostChannel(Socket socket)
    {
        socket.NoDelay = true;
        _stream = new NetworkStream(socket, ownsSocket: true);
        _reader = PipeReader.Create(_stream, new StreamPipeReaderOptions(bufferSize: BufferSize));
        _writer = new BinaryWriter(new BufferedStream(_stream, BufferSize), Encoding.UTF8);
    }

    /// <summary>Since when a message has been on its way or in the hands of its reader; null between messages.</summary>
    public TimeSpan? Amid => Volatile.Read(ref _begun) is not 0 and var begun ? Stopwatch.GetElapsedTime(begun) : null;

    /// <exception cref="IOException">The test host is gone.</exception>
    public void Send(string message)
    {
        lock (_sending)
        {
            _writer.Write(message);
            _writer.Flush();
        }
    }

    /// <summary>The next message, in UTF-8, to be heard before the one after it is read; null when the test host is gone.</summary>
    /// <exception cref="InvalidDataException">What came is no message.</exception>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await ReadLengthAsync(cancellationToken) is not { } length)
                return null;
            Volatile.Write(ref _begun, Stopwatch.GetTimestamp());
            if (length == 0)
                return ReadOnlyMemory<byte>.Empty;
            var read = await _reader.ReadAtLeastAsync(length, cancellationToken);
            if (read.Buffer.Length < length)
                return null;
            var message = read.Buffer.Slice(0, length);
            var place = PlaceOf(length);
            message.CopyTo(place.Span);
            _reader.AdvanceTo(message.End);
            return place;
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException)
        {
            return null;
        }
    }

    /// <summary>The last message has been heard.</summary>
    public void Heard() => Volatile.Write(ref _begun, 0);

    public void Dispose() => _stream.Dispose();

    private Memory<byte> PlaceOf(int length)
    {
        if (length > LongestKept)
            return new byte[length];
        if (length > _message.Length)
            _message = new byte[Math.Min(LongestKept, 2 * length)];
        return _message.AsMemory(0, length);
    }

    private async Task<int?> ReadLengthAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await _reader.ReadAsync(cancellationToken);
            if (TryReadLength(read.Buffer, out var length, out var end))
            {
                _reader.AdvanceTo(end);
                return length;
            }

            if (read.IsCompleted)
                return null;
            _reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static bool TryReadLength(ReadOnlySequence<byte> buffer, out int length, out SequencePosition end)
    {
        var reader = new SequenceReader<byte>(buffer);
        length = 0;
        for (var index = 0; index < LongestLength && reader.TryRead(out var next); index++)
        {
            length |= (next & ~MoreFollows) << (index * BitsOfByte);
            if ((next & MoreFollows) != 0)
                continue;
            end = reader.Position;
            return length >= 0 ? true : throw new InvalidDataException($"a message of {length} bytes");
        }

        end = buffer.Start;
        return reader.Consumed < LongestLength ? false : throw new InvalidDataException("a length that is none");
    }
}
