using System.Diagnostics;
using System.Net.Sockets;
using ConcurrentTesting.IntegrationTests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Terminal;

/// <summary>A real terminal (a tmux server of its own) with a shell in it, in which a run's console is shown.</summary>
internal sealed class TmuxTerminal : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tmux-");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private StreamReader? _answers;
    private StreamWriter? _commands;

    /// <param name="environment">Variables of the shell, as <c>NAME=value</c>.</param>
    public TmuxTerminal(int columns, int rows, params string[] environment)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(_folder.FullName, "socket")));
        _listener.Listen(1);
        string[] shell = ["env", "-u", "CI", "-u", "TF_BUILD", "-u", "TEAMCITY_VERSION", "-u", "NO_COLOR", "PS1=$ ", .. environment, "bash", "--norc", "--noprofile", "-i"];
        Tmux(["-f", "/dev/null", "new-session", "-d", "-x", $"{columns}", "-y", $"{rows}", .. shell]);
        Tmux(["set-option", "-g", "status", "off"]);
        Tmux(["resize-window", "-x", $"{columns}", "-y", $"{rows}"]);
    }

    /// <summary>The root of the run that is shown.</summary>
    public string Root => _folder.FullName;

    public string Screen => Tmux(["capture-pane", "-p"]).TrimEnd('\n');

    /// <summary>With the sequences that make its colours.</summary>
    public string ColouredScreen => Tmux(["capture-pane", "-p", "-e"]).TrimEnd('\n');

    /// <summary>All that was shown, lines that the terminal has wrapped joined.</summary>
    public string Scrollback => Tmux(["capture-pane", "-p", "-J", "-S", "-"]).TrimEnd('\n');

    public bool CursorIsVisible => Tmux(["display-message", "-p", "#{cursor_flag}"]).Trim() == "1";

    /// <summary>Begins to show a run on a cleared screen.</summary>
    public async Task<TmuxTerminal> ShowAsync(int tests, int workers, int expectedSeconds)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ConcurrentTesting.IntegrationTests.Host.dll");
        Type($"clear; dotnet '{program}' terminal '{_folder.FullName}/socket' '{_folder.FullName}'");
        using var patience = new CancellationTokenSource(Patience);
        var stream = new NetworkStream(await _listener.AcceptAsync(patience.Token), ownsSocket: true);
        (_answers, _commands) = (new StreamReader(stream), new StreamWriter(stream) { AutoFlush = true });
        Tmux(["clear-history"]);
        await DoAsync($"begin {tests} {workers} {expectedSeconds}");
        return this;
    }

    /// <summary>Tells the run's console what happens, and waits until it has shown it.</summary>
    public async Task DoAsync(params string[] commands)
    {
        foreach (var command in commands)
        {
            await _commands!.WriteLineAsync(command);
            using var patience = new CancellationTokenSource(Patience);
            (await _answers!.ReadLineAsync(patience.Token)).ShouldBe("done");
        }
    }

    /// <summary>Types a line at the shell.</summary>
    public void Type(string line)
    {
        Tmux(["send-keys", "-l", line]);
        Press("Enter");
    }

    public void Press(string key) => Tmux(["send-keys", key]);

    public void Resize(int columns, int rows) => Tmux(["resize-window", "-x", $"{columns}", "-y", $"{rows}"]);

    /// <summary>What the console has written arrives on the screen a moment later.</summary>
    public async Task ShowsAsync(Func<string, bool> isRight, string what)
    {
        try
        {
            await Eventually.BeAsync(() => isRight(Screen), what, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException($"{exception.Message}; the screen shows:\n{Screen}");
        }
    }

    public void Dispose()
    {
        _commands?.Dispose();
        _answers?.Dispose();
        _listener.Dispose();
        Tmux(["kill-server"]);
        _folder.Delete(recursive: true);
    }

    private string Tmux(string[] arguments)
    {
        var start = new ProcessStartInfo("tmux") { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] all = ["-S", Path.Combine(_folder.FullName, "tmux"), "-u", .. arguments];
        foreach (var argument in all)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"tmux {string.Join(' ', arguments)}: {errors}");
        return output;
    }
}
