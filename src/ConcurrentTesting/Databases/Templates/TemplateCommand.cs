using System.ComponentModel;
using System.Diagnostics;
using ConcurrentTesting.Databases.Leases;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.Databases.Templates;

/// <summary>Runs the command of a template source in the shell. The connection string reaches it by environment alone, so that no process
/// list shows it.</summary>
internal sealed class TemplateCommand(ConcurrentTestSettings settings, Redactor secrets, ILogger logger)
{
    private const int LinesInError = 8;

    /// <summary>What the shell had written is read long before; only what it has left behind keeps the output open longer.</summary>
    private static readonly TimeSpan LongestOutput = TimeSpan.FromSeconds(3);

    /// <param name="environment">What tells it of the database.</param>
    /// <exception cref="ConcurrentTestException">It could not be started, or ended with another code than 0.</exception>
    public async Task RunAsync(
        string commandLine, string database, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var start = StartInfo(commandLine);
        var secret = start.Environment.Keys.Where(name => ProcessEnvironment.IsSecret(name, settings));
        foreach (var name in secret.Concat(LeaseEnvironment.Misleading(settings.Database)).ToArray())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        logger.LogDebug("Building the template of {Database} with: {Command}", database, secrets.Redact(commandLine));
        var output = new List<string>();
        var exitCode = await RunAsync(start, output, cancellationToken);
        if (exitCode == 0)
            return;
        string[] last;
        lock (output)
            last = [.. output.TakeLast(LinesInError)];
        throw Failed(commandLine, $"ended with {exitCode}: {string.Join(" | ", last)}{Remedy(last, database)}");
    }

    private static string Remedy(string[] output, string database) =>
        Array.Exists(output, line => line.Contains(LeaseEnvironment.Nowhere, StringComparison.OrdinalIgnoreCase))
            ? $" (while the template of {database} is built, what --test-environment says of other databases leads nowhere: give each database a command of its own, for example '{database}=cmd:…')"
            : "";

    /// <summary>The commonest mistake: the command built something somewhere else.</summary>
    public static ConcurrentTestException MadeNothing(string commandLine, ConcurrentTestSettings settings) =>
        new(
            ConcurrentTestExitCode.Incomplete,
            $"the template's command '{commandLine}' ended well but made nothing in its database: it has to use the connection string in "
            + $"CONCURRENT_TEST_CONNECTION_STRING or {string.Join(", ", settings.Environment.Select(pattern => pattern.Name))}"
            + (IsOfEntityFramework(commandLine) ? "; dotnet ef takes it by --connection" : ""));

    private static bool IsOfEntityFramework(string commandLine) =>
        commandLine.Contains("dotnet ef ", StringComparison.Ordinal) || commandLine.Contains("dotnet-ef ", StringComparison.Ordinal);

    private ProcessStartInfo StartInfo(string commandLine)
    {
        var start = new ProcessStartInfo(OperatingSystem.IsWindows() ? "cmd.exe" : "/bin/sh")
        {
            WorkingDirectory = settings.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(OperatingSystem.IsWindows() ? "/c" : "-c");
        start.ArgumentList.Add(commandLine);
        return start;
    }

    private async Task<int> RunAsync(ProcessStartInfo start, List<string> output, CancellationToken cancellationToken)
    {
        using var process = Start(start);
        var exited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => exited.TrySetResult();
        process.EnableRaisingEvents = true;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        process.StandardInput.Close();
        try
        {
            await exited.Task.WaitAsync(cancellationToken);
            await HearOutAsync(process, cancellationToken);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            ProcessTree.Kill(process);
            throw;
        }

        void Hear(string? line)
        {
            if (string.IsNullOrWhiteSpace(line))
                return;
            var redacted = secrets.Redact(line);
            logger.LogDebug("  {Line}", redacted);
            lock (output)
                output.Add(redacted.Trim());
        }
    }

    private async Task HearOutAsync(Process process, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestOutput);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning("The template's command has ended and left a process behind, which still holds its output: that is not waited for");
        }
    }

    private Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception exception)
        {
            throw Failed(start.ArgumentList[1], $"cannot be started in {start.WorkingDirectory}: {exception.Message}");
        }
    }

    private ConcurrentTestException Failed(string commandLine, string why) =>
        new(ConcurrentTestExitCode.Incomplete, secrets.Redact($"the template's command '{commandLine}' {why}"));
}
