namespace ConcurrentTesting.Console.Terminal;

internal enum TextStyle
{
    Plain,
    Dim,
    Strong,
    Good,
    Bad,
    Unsure,
}

/// <summary>Collects the lines of a block; none is as wide as the terminal, whose last column behaves differently from one to the
/// next.</summary>
internal sealed class BlockCanvas(int terminalColumns, bool hasColours)
{
    private readonly int _columns = terminalColumns - 1;
    private readonly List<string> _lines = [];
    private readonly StringBuilder _line = new();

    public IReadOnlyList<string> Lines => _lines;

    /// <summary>Columns still free on the current line.</summary>
    public int Left { get; private set; } = terminalColumns - 1;

    /// <summary>Adds text to the current line, cut where the line is full.</summary>
    public BlockCanvas Add(string text, TextStyle style = TextStyle.Plain)
    {
        var fitting = ColumnWidth.Fit(text, Left);
        // A text after the cut would be read as its continuation.
        Left = fitting.Length < text.Length ? 0 : Left - ColumnWidth.Of(fitting);
        if (hasColours && style != TextStyle.Plain)
            _line.Append("\e[").Append(Code(style)).Append('m').Append(fitting).Append("\e[0m");
        else
            _line.Append(fitting);
        return this;
    }

    public void EndLine()
    {
        _lines.Add(_line.ToString());
        _line.Clear();
        Left = _columns;
    }

    // https://en.wikipedia.org/wiki/ANSI_escape_code#Select_Graphic_Rendition_parameters
    private static string Code(TextStyle style) => style switch
    {
        TextStyle.Dim => "2",
        TextStyle.Strong => "1",
        TextStyle.Good => "32",
        TextStyle.Bad => "1;31",
        TextStyle.Unsure => "33",
        _ => "0",
    };
}
