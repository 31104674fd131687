using System.Globalization;
using System.Text;
using Wcwidth;

namespace ConcurrentTesting.Tests.Console;

/// <summary>
/// A terminal as text: wraps, scrolls, reflows when it is resized, and obeys the control sequences that the live block uses. Anything else it is sent is an error.
/// Emoji sequences are shown part by part, as older terminals do.
/// </summary>
internal sealed class VirtualTerminal(int columns, int rows)
{
    private readonly List<Row> _rows = [new Row()];
    private int _row;
    private int _column;
    private bool _wrapIsPending;
    private bool _wraps = true;

    public int Columns { get; private set; } = columns;
    public int Rows { get; private set; } = rows;
    public bool CursorIsVisible { get; private set; } = true;
    public bool IsUpdating { get; private set; }

    /// <summary>Everything that can be seen or scrolled back to, one string a line, without blanks at the ends.</summary>
    public string Text => Joined(_rows);

    /// <summary>What can be seen now.</summary>
    public string Screen => Joined(_rows.Skip(Top).ToList());

    /// <summary>The rows that can be seen and have something on them.</summary>
    public int UsedRows => Screen.Length == 0 ? 0 : Screen.Split('\n').Length;

    private int Top => Math.Max(0, _rows.Count - Rows);

    public void Write(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (text[0] == '\e')
                text = text[Control(text)..];
            else
            {
                Rune.DecodeFromUtf16(text, out var rune, out var length);
                Print(rune);
                text = text[length..];
            }
        }
    }

    /// <summary>Another size; long lines wrap anew, and the cursor stays with its character.</summary>
    public void Resize(int columns, int rows)
    {
        var (lines, line, offset) = LogicalLines();
        (Columns, Rows, _wrapIsPending) = (columns, rows, false);
        _rows.Clear();
        for (var i = 0; i < lines.Count; i++)
        {
            var first = _rows.Count;
            var wrapped = lines[i].Chunk(Columns).ToList();
            for (var part = 0; part < Math.Max(1, wrapped.Count); part++)
                _rows.Add(new Row(wrapped.Count == 0 ? [] : wrapped[part]) { IsWrapped = part < wrapped.Count - 1 });
            if (i == line)
                (_row, _column) = (first + Math.Min(offset / Columns, Math.Max(0, wrapped.Count - 1)), Math.Min(offset % Columns, Columns - 1));
        }
    }

    private (List<List<string>> Lines, int CursorLine, int CursorOffset) LogicalLines()
    {
        var lines = new List<List<string>>();
        var (cursorLine, cursorOffset, continues) = (0, 0, false);
        for (var i = 0; i < _rows.Count; i++)
        {
            if (!continues)
                lines.Add([]);
            if (i == _row)
                (cursorLine, cursorOffset) = (lines.Count - 1, lines[^1].Count + _column);
            lines[^1].AddRange(_rows[i].Cells);
            continues = _rows[i].IsWrapped;
        }

        return (lines, cursorLine, cursorOffset);
    }

    private void Print(Rune rune)
    {
        switch (rune.Value)
        {
            case '\r':
                (_column, _wrapIsPending) = (0, false);
                return;
            case '\n':
                _column = 0;
                Down(false);
                return;
            case < ' ':
                throw new InvalidOperationException($"The terminal was sent U+{rune.Value:X4}.");
            default:
                PrintCharacter(rune.ToString(), Math.Max(0, UnicodeCalculator.GetWidth(rune)));
                return;
        }
    }

    private void PrintCharacter(string character, int width)
    {
        var row = _rows[_row];
        if (width == 0)
        {
            row.Combine(_wrapIsPending ? _column : _column - 1, character);
            return;
        }

        if (_wraps && (_wrapIsPending || _column + width > Columns))
            Down(true);
        _rows[_row].Put(Math.Min(_column, Columns - width), character, width);
        _wrapIsPending = _column + width >= Columns;
        _column = Math.Min(_column + width, Columns - 1);
    }

    private void Down(bool wrapped)
    {
        _rows[_row].IsWrapped = wrapped;
        (_column, _wrapIsPending) = (0, false);
        if (++_row == _rows.Count)
            _rows.Add(new Row());
    }

    private int Control(ReadOnlySpan<char> text)
    {
        if (text.Length < 3 || text[1] != '[')
            throw new InvalidOperationException($"Not a control sequence: {text.Length} characters, {text[1..].ToString()}");
        var end = 2;
        while (!char.IsAsciiLetter(text[end]))
            end++;
        Obey(text[2..end].ToString(), text[end]);
        return end + 1;
    }

    private void Obey(string parameters, char command)
    {
        switch (command, parameters)
        {
            case ('A', _):
                _row = Math.Max(Top, _row - int.Parse(parameters, CultureInfo.InvariantCulture));
                _wrapIsPending = false;
                break;
            case ('C', ""):
                (_column, _wrapIsPending) = (Math.Min(_column + 1, Columns - 1), false);
                break;
            case ('K', ""):
                _rows[_row].Erase(_column);
                break;
            case ('J', ""):
                _rows[_row].Erase(_column);
                _rows.RemoveRange(_row + 1, _rows.Count - _row - 1);
                break;
            case ('m', _):
                break;
            case ('h' or 'l', "?7" or "?25" or "?2026"):
                SetMode(parameters, command == 'h');
                break;
            default:
                throw new InvalidOperationException($"The terminal does not know the sequence {parameters}{command}.");
        }
    }

    private void SetMode(string mode, bool isOn)
    {
        switch (mode)
        {
            case "?7":
                _wraps = isOn;
                break;
            case "?25":
                CursorIsVisible = isOn;
                break;
            default:
                IsUpdating = isOn;
                break;
        }
    }

    private static string Joined(List<Row> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.Append(row);
            if (!row.IsWrapped)
                text.Append('\n');
        }

        return string.Join('\n', text.ToString().Split('\n').Select(line => line.TrimEnd())).TrimEnd('\n');
    }

    /// <summary>Cells from the left; the second one of a wide character is empty.</summary>
    private sealed class Row(IEnumerable<string>? cells = null)
    {
        public List<string> Cells { get; } = [.. cells ?? []];
        public bool IsWrapped { get; set; }

        public void Put(int column, string character, int width)
        {
            while (Cells.Count < column + width)
                Cells.Add(" ");
            Cells[column] = character;
            if (width == 2)
                Cells[column + 1] = "";
        }

        public void Combine(int column, string character)
        {
            while (column > 0 && Cells[column].Length == 0)
                column--;
            Cells[column] += character;
        }

        public void Erase(int column)
        {
            if (column < Cells.Count)
                Cells.RemoveRange(column, Cells.Count - column);
            IsWrapped = false;
        }

        public override string ToString() => string.Concat(Cells);
    }
}
