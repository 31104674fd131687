using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ConcurrentTesting.VsTest;

namespace ConcurrentTesting.IntegrationTests.Host;

/// <summary>
/// Stands between a run and one of the platform's test hosts, and passes on what they say, but for what the test wants: "version" has the host speak a version of the protocol that nobody knows,
/// "early" and "late" have it say something that is no message, after it has agreed on the version and after its first result. Arguments: that, the dotnet, and those of the test host.
/// </summary>
internal static class FalseTestHost
{
    private const string Version = "\"ProtocolVersion\"";
    private const string UnknownVersion = """{"MessageType":"ProtocolVersion","Payload":99}""";

    public static async Task<int> RunAsync(string trouble, string dotnet, string[] arguments)
    {
        using var toRun = new TcpClient();
        await toRun.ConnectAsync(IPAddress.Loopback, int.Parse(arguments[Array.IndexOf(arguments, "--port") + 1], CultureInfo.InvariantCulture));
        using var run = new HostChannel(toRun.Client);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(1);
        using var process = Process.Start(dotnet, Between(arguments, ((IPEndPoint)listener.LocalEndpoint).Port));
        using var host = new HostChannel(await listener.AcceptSocketAsync());
        await Task.WhenAny(TellAsync(run, host, text => [text]), TellAsync(host, run, text => Falsify(trouble, text)));
        return 0;
    }

    // It ends with this process.
    private static string[] Between(string[] arguments, int port)
    {
        var between = arguments.ToArray();
        between[Array.IndexOf(between, "--port") + 1] = string.Create(CultureInfo.InvariantCulture, $"{port}");
        between[Array.IndexOf(between, "--endpoint") + 1] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        between[Array.IndexOf(between, "--parentprocessid") + 1] = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId}");
        return between;
    }

    private static async Task TellAsync(HostChannel from, HostChannel to, Func<string, string[]> say)
    {
        while (await from.ReadAsync(CancellationToken.None) is { } message)
        {
            foreach (var text in say(Encoding.UTF8.GetString(message.Span)))
                to.Send(text);
            from.Heard();
        }
    }

    private static string[] Falsify(string trouble, string text) => trouble switch
    {
        "version" when text.Contains(Version, StringComparison.Ordinal) => [UnknownVersion],
        "early" when text.Contains(Version, StringComparison.Ordinal) => [text, "Nonsense."],
        "late" when text.Contains("\"TestExecution.StatsChange\"", StringComparison.Ordinal) && !text.Contains("\"NewTestResults\":[]", StringComparison.Ordinal) => [text, "Nonsense."],
        _ => [text],
    };
}
