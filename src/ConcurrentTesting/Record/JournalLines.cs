using System.Text.Unicode;

namespace ConcurrentTesting.Record;

/// <summary>Reads the lines of a journal one at a time, as the bytes that they are.</summary>
internal sealed class JournalLines(Stream file, JournalFormat format)
{
    private const int ReadAtOnce = 64 * 1024;

    private byte[] _buffer = new byte[ReadAtOnce];
    private int _start;
    private int _end;
    private bool _isAtEnd;
    private int _read;

    /// <summary>Gives each event in turn.</summary>
    /// <returns>True where the last line was cut off: it is no event, and has no line break.</returns>
    /// <exception cref="JsonException">A line is damaged, or a later version wrote it.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public bool Read(Action<RunEvent> happened)
    {
        format.Begin();
        SkipMark();
        while (Next() is var (line, isWhole))
        {
            try
            {
                happened(format.Parse(Legal(line.Span)));
                _read++;
            }
            catch (JsonException) when (!isWhole)
            {
                return true;
            }
            catch (JsonException exception)
            {
                throw new JsonException(FormattableString.Invariant($"line {_read + 1}: {exception.Message}"), exception);
            }
        }

        return false;
    }

    // Bytes that are no UTF-8 become replacement characters.
    private static ReadOnlySpan<byte> Legal(ReadOnlySpan<byte> line) =>
        Utf8.IsValid(line) ? line : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line));

    // Returns the line without its break; null at the end.
    private (ReadOnlyMemory<byte> Line, bool IsWhole)? Next()
    {
        for (var searched = 0; ;)
        {
            var length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
                return (Take(searched + length, 1), true);
            searched = _end - _start;
            if (_isAtEnd)
                return searched == 0 ? null : (Take(searched, 0), false);
            Fill();
        }
    }

    private ReadOnlyMemory<byte> Take(int length, int beyond)
    {
        var line = _buffer.AsMemory(_start, length);
        _start += length + beyond;
        return line;
    }

    private void Fill()
    {
        var left = _end - _start;
        var buffer = left > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, left).CopyTo(buffer);
        (_buffer, _start, _end) = (buffer, 0, left);
        var read = file.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _isAtEnd = read == 0;
    }

    private void SkipMark()
    {
        var mark = Encoding.UTF8.Preamble;
        while (_end < mark.Length && !_isAtEnd)
            Fill();
        if (_buffer.AsSpan(0, _end).StartsWith(mark))
            _start = mark.Length;
    }
}
