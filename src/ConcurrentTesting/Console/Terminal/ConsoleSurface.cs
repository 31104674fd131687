namespace ConcurrentTesting.Console.Terminal;

/// <summary>What the run is shown on: a terminal, or a file or pipe that takes lines.</summary>
internal abstract class ConsoleSurface
{
    /// <summary>It is a terminal that moves its cursor when told to, and a person may be watching.</summary>
    public abstract bool IsLive { get; }

    /// <summary>Colours are wanted.</summary>
    public abstract bool HasColours { get; }

    /// <summary>It shows progress in the taskbar or on its tab; see <see cref="TaskbarProgress"/>.</summary>
    public virtual bool HasTaskbar => false;

    /// <summary>It opens links; see <see cref="TerminalLinks"/>.</summary>
    public virtual bool HasLinks => false;

    /// <summary>Its size now, in columns and rows, both positive.</summary>
    public abstract (int Columns, int Rows) Size { get; }

    /// <summary>Writes text as it is, at once.</summary>
    public abstract void Write(ReadOnlySpan<char> text);

    /// <summary>The process's own console.</summary>
    public static ConsoleSurface OfProcess() => new ProcessConsole();

    /// <summary>What a console is good for, from its nature and the environment: <c>CI</c> and its like, <c>TERM</c> and
    /// https://no-color.org.</summary>
    public static (bool IsLive, bool HasColours) Capabilities(bool isTerminal, bool isWindows, Func<string, string?> variable)
    {
        var isLive = isTerminal && !ContinuousIntegration.IsHost(variable) && CanMoveItsCursor(isWindows, variable("TERM"));
        return (isLive, isLive && string.IsNullOrEmpty(variable("NO_COLOR")));
    }

    private static bool CanMoveItsCursor(bool isWindows, string? term) => term switch
    {
        null or "" => isWindows,
        "dumb" or "unknown" => false,
        _ => true,
    };
}
