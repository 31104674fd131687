using static System.FormattableString;

namespace ConcurrentTesting.Console.Terminal;

/// <summary>Text that a terminal opens when it is clicked at.</summary>
/// <remarks>https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda (OSC 8)</remarks>
internal static class TerminalLinks
{
    /// <summary>A text that opens a line of a file; the text has to be safe to print.</summary>
    public static string To(string file, int line, string text) =>
        Invariant($"\e]8;;{new Uri(Path.GetFullPath(file)).AbsoluteUri}#L{line}\e\\{text}\e]8;;\e\\");
}
