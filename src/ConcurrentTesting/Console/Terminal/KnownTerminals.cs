namespace ConcurrentTesting.Console.Terminal;

/// <summary>What a terminal can do beyond text, by what it tells of itself in the environment.</summary>
internal static class KnownTerminals
{
    // VTE 0.50.0 (which tells 5000) crashes on links.
    private const int LastVteWithoutLinks = 5000;

    // Only these are asked for progress, because some other terminals show its sequence as a message.
    private static readonly string[] WithProgress = ["ghostty", "WezTerm"];
    private static readonly string[] WithLinks = [.. WithProgress, "iTerm.app", "vscode", "Hyper", "Tabby", "rio"];
    private static readonly string[] KindsWithLinks = ["kitty", "alacritty", "foot"];

    /// <summary>It shows progress in the taskbar or on its tab; see <see cref="TaskbarProgress"/>.</summary>
    public static bool HasTaskbar(Func<string, string?> variable) =>
        IsWindowsTerminal(variable) || variable("ConEmuANSI") == "ON" || IsOneOf(WithProgress, variable);

    /// <summary>It opens links; see <see cref="TerminalLinks"/>. <c>FORCE_HYPERLINK</c> says it for those that do not tell, or with
    /// <c>0</c> that none are wanted.</summary>
    public static bool HasLinks(Func<string, string?> variable)
    {
        if (variable("FORCE_HYPERLINK") is { Length: > 0 } forced)
            return forced != "0";
        // The multiplexer around the shells may not know links, whatever its own terminal said.
        return !IsMultiplexed(variable) && TellsLinks(variable);
    }

    private static bool TellsLinks(Func<string, string?> variable) =>
        IsWindowsTerminal(variable)
        || !string.IsNullOrEmpty(variable("KONSOLE_VERSION"))
        || int.TryParse(variable("VTE_VERSION"), NumberStyles.None, CultureInfo.InvariantCulture, out var vte) && vte > LastVteWithoutLinks
        || IsOneOf(WithLinks, variable)
        || variable("TERM") is { } term && KindsWithLinks.Any(kind => term.Contains(kind, StringComparison.Ordinal));

    private static bool IsWindowsTerminal(Func<string, string?> variable) => !string.IsNullOrEmpty(variable("WT_SESSION"));

    private static bool IsOneOf(string[] programs, Func<string, string?> variable) =>
        programs.Contains(variable("TERM_PROGRAM"), StringComparer.OrdinalIgnoreCase);

    private static bool IsMultiplexed(Func<string, string?> variable) =>
        !string.IsNullOrEmpty(variable("TMUX")) || !string.IsNullOrEmpty(variable("STY"))
        || variable("TERM") is { } term
            && (term.StartsWith("screen", StringComparison.Ordinal) || term.StartsWith("tmux", StringComparison.Ordinal));
}
