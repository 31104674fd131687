using System.Diagnostics;

namespace ConcurrentTesting.VsTest;

/// <summary>How a <c>dotnet</c> command ended, and what it wrote, output and errors together in the order they came.</summary>
internal sealed record DotNetResult(int ExitCode, string Output);

/// <summary>Runs <c>dotnet</c> commands to their end.</summary>
internal static class DotNetCommand
{
    /// <param name="environment">The whole environment of the command; null: this process's own, without the connection string.</param>
    public static async Task<DotNetResult> RunAsync(
        string dotnet,
        IEnumerable<string> arguments,
        string directory,
        IReadOnlyDictionary<string, string>? environment,
        CancellationToken cancellationToken)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(dotnet, arguments)
            {
                WorkingDirectory = directory,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                RedirectStandardInput = true,
                UseShellExecute = false,
                CreateNoWindow = true,
            },
        };
        SetEnvironment(process.StartInfo, environment);
        var output = new StringBuilder();
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(output, line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        await ProcessTree.WaitAsync(process, cancellationToken);
        lock (output)
            return new DotNetResult(process.ExitCode, output.ToString());
    }

    private static void Append(StringBuilder output, string? line)
    {
        if (line is null)
            return;
        lock (output)
            output.Append(line).Append('\n');
    }

    private static void SetEnvironment(ProcessStartInfo start, IReadOnlyDictionary<string, string>? environment)
    {
        if (environment is null)
        {
            foreach (var secret in ConcurrentTestSettings.OwnSecretVariables)
                start.Environment.Remove(secret);
            return;
        }

        start.Environment.Clear();
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
    }
}
