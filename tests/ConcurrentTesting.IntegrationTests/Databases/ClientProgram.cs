using System.Diagnostics;
using System.Text;
using Shouldly;

namespace ConcurrentTesting.IntegrationTests.Databases;

/// <summary>A server's own command line client, which says what a script means.</summary>
internal static class ClientProgram
{
    /// <param name="commandLine">For the shell.</param>
    /// <returns>What it wrote, a character for each byte.</returns>
    public static async Task<string> RunAsync(string commandLine, IReadOnlyDictionary<string, string> environment, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("sh", ["-c", commandLine])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.Latin1,
        };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellationToken), process.StandardError.ReadToEndAsync(cancellationToken));
        await process.WaitForExitAsync(cancellationToken);
        process.ExitCode.ShouldBe(0, await errors);
        return await output;
    }
}
