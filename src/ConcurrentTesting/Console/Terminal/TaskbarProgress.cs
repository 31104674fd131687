using static System.FormattableString;

namespace ConcurrentTesting.Console.Terminal;

/// <summary>How far the run is, in the taskbar or on the tab of terminals that know it. Not thread-safe: its owner writes to the terminal
/// under one lock.</summary>
/// <remarks>https://conemu.github.io/en/AnsiEscapeCodes.html#ConEmu_specific_OSC (OSC 9;4)</remarks>
internal sealed class TaskbarProgress(ConsoleSurface surface)
{
    private const int Going = 1;
    private const int WithFailures = 2;

    private string _shown = "";

    /// <param name="percent">From 0 to 100.</param>
    public void Show(int percent, bool hasFailures)
    {
        if (surface.HasTaskbar)
            Write(Invariant($"\e]9;4;{(hasFailures ? WithFailures : Going)};{percent}\a"));
    }

    /// <summary>Takes it away where it was shown.</summary>
    public void Clear()
    {
        if (_shown.Length > 0)
            Write("\e]9;4;0;0\a");
        _shown = "";
    }

    private void Write(string sequence)
    {
        if (sequence == _shown)
            return;
        _shown = sequence;
        surface.Write(sequence);
    }
}
