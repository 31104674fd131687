using System.Globalization;
using static System.FormattableString;

namespace ConcurrentTesting.Console.Terminal;

/// <summary>Text that a terminal opens when it is clicked at.</summary>
/// <remarks>https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda (OSC 8)</remarks>
internal static class TerminalLinks
{
    // VTE 0.50.0 crashes on links; the number is 5000 there.
    private const int LastVteWithout = 5000;

    private static readonly string[] Programs = ["iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "Tabby", "rio"];
    private static readonly string[] Kinds = ["kitty", "alacritty", "foot"];

    /// <summary>
    /// The terminal is one that says of itself what it is, and knows links. <c>FORCE_HYPERLINK</c> says it for the others, or with
    /// <c>0</c> that none are wanted.
    /// </summary>
    public static bool AreKnownTo(Func<string, string?> variable)
    {
        if (variable("FORCE_HYPERLINK") is { Length: > 0 } forced)
            return forced != "0";
        // What is around them may not know links, whatever it had set for its own shells.
        return !IsMultiplexed(variable) && IsKnown(variable);
    }

    /// <summary>A text that opens a line of a file; the text has to be safe to print.</summary>
    public static string To(string file, int line, string text) =>
        Invariant($"\e]8;;{new Uri(Path.GetFullPath(file)).AbsoluteUri}#L{line}\e\\{text}\e]8;;\e\\");

    private static bool IsMultiplexed(Func<string, string?> variable) =>
        !string.IsNullOrEmpty(variable("TMUX")) || !string.IsNullOrEmpty(variable("STY"))
        || variable("TERM") is { } term
            && (term.StartsWith("screen", StringComparison.Ordinal) || term.StartsWith("tmux", StringComparison.Ordinal));

    private static bool IsKnown(Func<string, string?> variable) =>
        !string.IsNullOrEmpty(variable("WT_SESSION"))
        || !string.IsNullOrEmpty(variable("KONSOLE_VERSION"))
        || int.TryParse(variable("VTE_VERSION"), NumberStyles.None, CultureInfo.InvariantCulture, out var vte) && vte > LastVteWithout
        || Programs.Contains(variable("TERM_PROGRAM"), StringComparer.OrdinalIgnoreCase)
        || variable("TERM") is { } term && Kinds.Any(kind => term.Contains(kind, StringComparison.Ordinal));
}
