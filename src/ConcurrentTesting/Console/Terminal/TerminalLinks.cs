using static System.FormattableString;

namespace ConcurrentTesting.Console.Terminal;

/// <summary>Text that a terminal opens when it is clicked at.</summary>
/// <remarks>https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda (OSC 8)</remarks>
internal static class TerminalLinks
{
    /// <summary>A text that opens a line of a file; the text has to be safe to print.</summary>
    public static string To(string file, int line, string text) => Of(Invariant($"{AddressOf(file)}#L{line}"), text);

    /// <summary>A file's address that opens it.</summary>
    public static string To(string file) => Of(AddressOf(file), AddressOf(file));

    /// <summary>A file's address as any text has it.</summary>
    public static string AddressOf(string file) => new Uri(Path.GetFullPath(file)).AbsoluteUri;

    private static string Of(string address, string text) => $"\e]8;;{address}\e\\{text}\e]8;;\e\\";
}
