namespace ConcurrentTesting.Console.Terminal;

/// <summary>Lines at the bottom of a terminal that are redrawn in place. The cursor rests, hidden, at the start of the first one: what is
/// below can be erased without knowing how the terminal has wrapped it since, and what others write there is not lost. Not thread-safe: its
/// owner draws and erases under one lock.</summary>
internal sealed class LiveBlock(ConsoleSurface surface)
{
    private const string HideCursor = "\e[?25l";
    private const string ShowCursor = "\e[?25h";

    // It erases from the second column: erasing from the first, at the top of the screen, makes tmux keep what was there as history.
    private const string EraseBelow = "\r\e[C\e[J\r\e[K";
    private const string EraseRestOfLine = "\e[K";
    private const string WrapOff = "\e[?7l";
    private const string WrapOn = "\e[?7h";

    // Terminals that know it show everything in between at once
    // (https://gist.github.com/christianparpart/d8a62cc1ab659194337d73e399004036); others ignore it.
    private const string BeginUpdate = "\e[?2026h";
    private const string EndUpdate = "\e[?2026l";

    private readonly StringBuilder _frame = new();
    private IReadOnlyList<string> _shown = [];
    private bool _isUpdating;

    /// <summary>Whether a part of the block is on the screen, or the cursor is hidden.</summary>
    public bool IsShown { get; private set; }

    /// <summary>Shows these lines in place of the last ones; each has to fit the terminal's width. Nothing is written where they are the
    /// same.</summary>
    public void Draw(IReadOnlyList<string> lines)
    {
        if (IsShown && lines.SequenceEqual(_shown))
            return;
        if (lines.Count == 0)
        {
            Hide();
            return;
        }

        _frame.Clear();
        // An update that has begun hides the erased block until this frame is complete.
        _frame.Append(_isUpdating ? "" : BeginUpdate).Append(IsShown ? "" : HideCursor).Append(WrapOff).Append('\r');
        _frame.AppendJoin(EraseRestOfLine + "\r\n", lines).Append("\e[J");
        if (lines.Count > 1)
            _frame.Append("\e[").Append(lines.Count - 1).Append('A');
        _frame.Append('\r').Append(WrapOn).Append(EndUpdate);
        Write();
        (_shown, IsShown, _isUpdating) = (lines, true, false);
    }

    /// <summary>Makes room for lines that scroll; <see cref="Draw"/> or <see cref="Hide"/> has to follow.</summary>
    public void Erase()
    {
        if (!IsShown || _isUpdating)
            return;
        _frame.Clear().Append(BeginUpdate).Append(EraseBelow);
        Write();
        (_shown, _isUpdating) = ([], true);
    }

    /// <summary>Takes the block off the screen and gives the cursor back.</summary>
    public void Hide()
    {
        if (!IsShown)
            return;
        _frame.Clear().Append(EraseBelow).Append(ShowCursor).Append(EndUpdate);
        Write();
        (_shown, IsShown, _isUpdating) = ([], false, false);
    }

    // A frame is written at once.
    private void Write() => surface.Write(_frame.ToString());
}
