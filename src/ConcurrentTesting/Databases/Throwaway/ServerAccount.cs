using System.ComponentModel;
using System.Diagnostics;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Databases.Throwaway;

/// <summary>The user that a throwaway server runs as: the run's own, except for root, whom servers refuse.</summary>
/// <param name="User">Null: the run's own.</param>
/// <param name="Settings">They tell what is secret.</param>
internal sealed record ServerAccount(string? User, ConcurrentTestSettings Settings)
{
    /// <summary>Chooses the account of a server: where the run is root, the first of these users that the system has.</summary>
    /// <exception cref="ConcurrentTestException">It has none.</exception>
    public static ServerAccount Choose(ConcurrentTestSettings settings, params string[] candidates)
    {
        if (!Environment.IsPrivilegedProcess)
            return new ServerAccount(null, settings);
        var users = File.ReadLines("/etc/passwd").Select(line => line.Split(':', 2)[0]).ToHashSet();
        return candidates.FirstOrDefault(users.Contains) is { } user
            ? new ServerAccount(user, settings)
            : throw new ConcurrentTestException(
                ConcurrentTestExitCode.Incomplete,
                $"a throwaway server does not run as root, and there is no user {string.Join(" or ", candidates)}: run as another user, or give --test-connection-string");
    }

    public ProcessStartInfo StartInfo(string program, IEnumerable<string> arguments, string workingDirectory)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        if (User is not null)
            start.UserName = User;
        foreach (var variable in start.Environment.Keys.Where(IsForeign).ToArray())
            start.Environment.Remove(variable);
        return start;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <exception cref="ConcurrentTestException">It could not be started or ended with another code than 0.</exception>
    public async Task RunAsync(string program, IEnumerable<string> arguments, string workingDirectory, CancellationToken cancellationToken)
    {
        using var process = Start(StartInfo(program, arguments, workingDirectory));
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await ProcessTree.WaitAsync(process, cancellationToken);
        if (process.ExitCode != 0)
            throw Failed(program, $"ended with {process.ExitCode}: {LastLines(await output + "\n" + await error)}");
    }

    /// <summary>Gives a directory to this user.</summary>
    public async Task OwnAsync(string directory, CancellationToken cancellationToken)
    {
        if (User is not null)
            await (this with { User = null }).RunAsync("chown", ["-R", User, directory], "/", cancellationToken);
    }

    /// <summary>What a program writes, as words.</summary>
    public static async Task<string[]> WordsOfAsync(string program, IEnumerable<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false });
        var output = await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }

    public static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw Failed(start.FileName, $"cannot be started: {exception.Message}");
        }
    }

    public static string LastLines(string output) =>
        string.Join(" | ", output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).TakeLast(6));

    private static ConcurrentTestException Failed(string program, string why) =>
        new(ConcurrentTestExitCode.Incomplete, $"{program}, needed for a throwaway server, {why}");

    /// <summary>Variables that steer the server's programs or clients must not come from the caller; secrets have no business
    /// there.</summary>
    private bool IsForeign(string variable) =>
        ProcessEnvironment.IsSecret(variable, Settings)
        || variable.StartsWith("PG", StringComparison.Ordinal)
        || variable.StartsWith("MYSQL", StringComparison.Ordinal)
        || variable.StartsWith("MARIADB", StringComparison.Ordinal)
        || variable.StartsWith("NUKE_", StringComparison.Ordinal);
}
