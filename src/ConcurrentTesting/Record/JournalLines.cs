using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ConcurrentTesting.Catalog;

namespace ConcurrentTesting.Record;

/// <summary>Reads the lines of a journal one at a time, as the bytes that they are.</summary>
internal sealed class JournalLines(Stream file)
{
    private const int ReadAtOnce = 64 * 1024;

    private readonly AssemblyKeys _assemblies = new();
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
        var format = RunEventJson.For(_assemblies, redactor: null);
        SkipMark();
        while (Next() is var (line, isWhole))
        {
            try
            {
                happened(Parse(line.Span, format));
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

    private RunEvent Parse(ReadOnlySpan<byte> line, RunEventJson format)
    {
        // What is no UTF-8 any more is told as characters that are not known.
        if (!Utf8.IsValid(line))
            line = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(line));
        RunEvent happened;
        try
        {
            happened = JsonSerializer.Deserialize(line, format.RunEvent) ?? throw new JsonException("it is empty");
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            throw VersionOf(line) is > RunEvent.CurrentVersion and var later
                ? Later(later)
                : new JsonException(exception.Message, exception);
        }

        if (happened.Version > RunEvent.CurrentVersion)
            throw Later(happened.Version);
        if (happened is AssemblyFound found)
            _assemblies.Add(found);
        return happened;
    }

    // The line without its break; null at the end.
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

    private static int VersionOf(ReadOnlySpan<byte> line)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            using var document = JsonDocument.ParseValue(ref reader);
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("v", out var version)
                && version.TryGetInt32(out var number) ? number : 0;
        }
        catch (JsonException)
        {
            return 0;
        }
    }

    private static JsonException Later(int version) =>
        new(FormattableString.Invariant(
            $"it has version {version}, and this ConcurrentTest knows up to {RunEvent.CurrentVersion}; use the one that wrote it"));
}
