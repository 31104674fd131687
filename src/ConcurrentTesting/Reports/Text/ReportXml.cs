using System.Buffers;

namespace ConcurrentTesting.Reports.Text;

/// <summary>Writes a report's XML in UTF-8, in the bytes of an indenting <see cref="System.Xml.XmlWriter"/>: reports have millions of
/// attributes, and it takes a fraction of the time. What XML does not allow in a text becomes U+FFFD, as by
/// <see cref="LegalXml.Clean"/>. Names are taken for what XML allows as names.</summary>
/// <param name="output">Stays open.</param>
internal sealed class ReportXml(Stream output) : IDisposable
{
    private const int BufferBytes = 32 * 1024;
    private const int LongestPiece = BufferBytes / 4;
    private const int LongestValue = 64;

    private static readonly SearchValues<char> PlainInText = SearchValues.Create(Plain("<>&\r").Append('\t').Append('\n').ToArray());
    private static readonly SearchValues<char> PlainInAttributes = SearchValues.Create(Plain("<>&\"").ToArray());

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly List<string> _open = [];
    private int _length;
    private bool _isInStartTag;

    // What is within an element that has text is not indented, because blanks would be text too.
    private int _depthOfText = int.MaxValue;

    public void Begin() => Raw("<?xml version=\"1.0\" encoding=\"utf-8\"?>"u8);

    public void Start(string name)
    {
        CloseStartTag();
        NewLine(_open.Count);
        Raw("<"u8);
        Name(name);
        _open.Add(name);
        _isInStartTag = true;
    }

    public void End()
    {
        var depth = _open.Count - 1;
        if (_isInStartTag)
        {
            Raw(" />"u8);
            _isInStartTag = false;
        }
        else
        {
            NewLine(depth);
            Raw("</"u8);
            Name(_open[depth]);
            Raw(">"u8);
        }

        _open.RemoveAt(depth);
        if (_depthOfText > depth)
            _depthOfText = int.MaxValue;
    }

    public void Attribute(string name, string value)
    {
        BeginAttribute(name);
        Escaped(value, PlainInAttributes);
        Raw("\""u8);
    }

    /// <param name="value">A number, a time, an id: short, and nothing in it has to be escaped.</param>
    public void Attribute<T>(string name, T value, string? format = null)
        where T : IUtf8SpanFormattable
    {
        BeginAttribute(name);
        Reserve(LongestValue);
        value.TryFormat(_buffer.AsSpan(_length), out var written, format, CultureInfo.InvariantCulture);
        _length += written;
        Raw("\""u8);
    }

    /// <summary>Text of the open element, which then has an end tag, even where the text is empty.</summary>
    public void Text(string text)
    {
        CloseStartTag();
        _depthOfText = Math.Min(_depthOfText, _open.Count);
        Escaped(text, PlainInText);
    }

    /// <summary>An element that has nothing but a text.</summary>
    public void Element(string name, string text)
    {
        Start(name);
        if (text.Length > 0)
            Text(text);
        End();
    }

    /// <summary>Hands everything on to the output.</summary>
    public void Dispose() => Flush();

    private static IEnumerable<char> Plain(string escaped) =>
        Enumerable.Range(' ', '\u007F' - ' ' + 1).Select(code => (char)code).Except(escaped);

    private void CloseStartTag()
    {
        if (_isInStartTag)
            Raw(">"u8);
        _isInStartTag = false;
    }

    private void NewLine(int depth)
    {
        if (_depthOfText <= _open.Count)
            return;
        Raw("\n"u8);
        for (var level = 0; level < depth; level++)
            Raw("  "u8);
    }

    private void BeginAttribute(string name)
    {
        Raw(" "u8);
        Name(name);
        Raw("=\""u8);
    }

    // Those of our own are ASCII, and written often.
    private void Name(string name)
    {
        if (Ascii.IsValid(name))
            Plain(name.AsSpan());
        else
            Escaped(name, PlainInText);
    }

    private void Escaped(ReadOnlySpan<char> text, SearchValues<char> plain)
    {
        while (!text.IsEmpty)
        {
            var length = text.IndexOfAnyExcept(plain);
            Plain(length < 0 ? text : text[..length]);
            text = length < 0 ? [] : text[(length + Special(text[length..]))..];
        }
    }

    /// <summary>Writes what is not plain at the begin of a text, and returns how much of it that was.</summary>
    private int Special(ReadOnlySpan<char> text)
    {
        var others = text.IndexOfAnyExceptInRange('\u0080', '\uFFFD');
        if (others == 0)
        {
            Raw(Reference(text[0]));
            return 1;
        }

        var piece = text[..Math.Min(others < 0 ? text.Length : others, LongestPiece)];
        if (piece.Length > 1 && char.IsHighSurrogate(piece[^1]))
            piece = piece[..^1];
        // The encoding replaces each half of a surrogate pair that stands alone.
        Reserve(Encoding.UTF8.GetMaxByteCount(piece.Length));
        _length += Encoding.UTF8.GetBytes(piece, _buffer.AsSpan(_length));
        return piece.Length;
    }

    private static ReadOnlySpan<byte> Reference(char character) => character switch
    {
        '<' => "&lt;"u8,
        '>' => "&gt;"u8,
        '&' => "&amp;"u8,
        '"' => "&quot;"u8,
        '\t' => "&#x9;"u8,
        '\n' => "&#xA;"u8,
        '\r' => "&#xD;"u8,
        _ => "\uFFFD"u8,
    };

    private void Plain(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            var piece = text[..Math.Min(text.Length, LongestPiece)];
            Reserve(piece.Length);
            Ascii.FromUtf16(piece, _buffer.AsSpan(_length), out var written);
            _length += written;
            text = text[piece.Length..];
        }
    }

    private void Raw(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Reserve(int bytes)
    {
        if (_buffer.Length - _length < bytes)
            Flush();
    }

    private void Flush()
    {
        output.Write(_buffer, 0, _length);
        _length = 0;
    }
}
