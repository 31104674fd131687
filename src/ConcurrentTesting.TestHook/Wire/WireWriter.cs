using System.Buffers.Binary;

namespace ConcurrentTesting.TestHook.Wire;

/// <summary>Writes messages one after another into one buffer. Not thread-safe.</summary>
internal sealed class WireWriter
{
    /// <summary>Raised with any change of a message's content or way; the engine takes no other.</summary>
    public const int Version = 8;

    private byte[] _buffer = new byte[1024];
    private int _length;
    private int _start;

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    public int Length => _length;

    public WireWriter Begin(HookMessage message)
    {
        _start = _length;
        Reserve(5);
        _length += 4;
        _buffer[_length++] = (byte)message;
        return this;
    }

    public void End() => BinaryPrimitives.WriteInt32LittleEndian(_buffer.AsSpan(_start), _length - _start - 4);

    /// <summary>Seven bits a byte, the lowest first.</summary>
    public WireWriter Number(long value)
    {
        Reserve(10);
        var rest = (ulong)value;
        while (rest >= 0x80)
        {
            _buffer[_length++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        _buffer[_length++] = (byte)rest;
        return this;
    }

    /// <summary>A number of 0 or more, or null.</summary>
    public WireWriter OptionalNumber(long? value) => Number(value is { } number ? number + 1 : 0);

    public WireWriter Text(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        Number(count);
        Reserve(count);
        _length += Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length));
        return this;
    }

    public WireWriter Id(Guid value)
    {
        Reserve(16);
        value.TryWriteBytes(_buffer.AsSpan(_length));
        _length += 16;
        return this;
    }

    /// <summary>Whole messages of another writer.</summary>
    public void Messages(ReadOnlySpan<byte> written)
    {
        Reserve(written.Length);
        written.CopyTo(_buffer.AsSpan(_length));
        _length += written.Length;
    }

    /// <summary>Forgets the first bytes, which have been sent.</summary>
    public void Remove(int count)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
    }

    private void Reserve(int count)
    {
        if (_length + count > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + count));
    }
}
