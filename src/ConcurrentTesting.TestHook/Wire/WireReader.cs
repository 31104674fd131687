using System.Runtime.CompilerServices;

namespace ConcurrentTesting.TestHook.Wire;

/// <summary>Reads the content of one message, see <see cref="WireWriter"/>.</summary>
internal ref struct WireReader(ReadOnlySpan<byte> content)
{
    private ReadOnlySpan<byte> _rest = content;

    /// <exception cref="InvalidDataException">The message is shorter than it should be.</exception>
    // A batch's messages are read all at once, before the runtime has compiled their reader well.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Number()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Take(1)[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return (long)value;
        }

        throw new InvalidDataException("A number of the test hook is longer than 64 bits.");
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long? OptionalNumber() => Number() is var value and not 0 ? value - 1 : null;

    public string Text() => Encoding.UTF8.GetString(Take(checked((int)Number())));

    public Guid Id() => new(Take(16));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _rest.Length)
            throw new InvalidDataException("A message of the test hook ends too early.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
