namespace ConcurrentTesting.Console.Terminal;

/// <summary>The process's standard output.</summary>
internal sealed class ProcessConsole : ConsoleSurface
{
    // A terminal without a size of its own (a bare pseudo-terminal) is taken to have this many columns.
    private const int FallbackColumns = 80;
    private const int FallbackRows = 24;

    public ProcessConsole()
    {
        var isTerminal = !System.Console.IsOutputRedirected && (!OperatingSystem.IsWindows() || WindowsConsole.EnableControlSequences());
        (IsLive, HasColours) = Capabilities(isTerminal, OperatingSystem.IsWindows(), Environment.GetEnvironmentVariable);
    }

    public override bool IsLive { get; }
    public override bool HasColours { get; }
    public override bool HasTaskbar => IsLive && KnownTerminals.HasTaskbar(Environment.GetEnvironmentVariable);

    public override bool HasLinks => IsLive && KnownTerminals.HasLinks(Environment.GetEnvironmentVariable);

    public override (int Columns, int Rows) Size
    {
        get
        {
            try
            {
                return (System.Console.WindowWidth is > 0 and var columns
                    ? columns
                    : FallbackColumns, System.Console.WindowHeight is > 0 and var rows ? rows : FallbackRows);
            }
            catch (IOException)
            {
                return (FallbackColumns, FallbackRows);
            }
        }
    }

    public override void Write(ReadOnlySpan<char> text)
    {
        System.Console.Out.Write(text);
        System.Console.Out.Flush();
    }
}
