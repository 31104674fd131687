namespace Nuke.Common.CI.TeamCity;

/// <summary>https://www.jetbrains.com/help/teamcity/service-messages.html</summary>
public class TeamCity : Host, IBuildServer
{
    internal TeamCity()
    {
    }

    string IBuildServer.Branch => null;

    string IBuildServer.Commit => Environment.GetEnvironmentVariable("BUILD_VCS_NUMBER");

    internal static bool IsRunningTeamCity => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("TEAMCITY_VERSION"));

    protected internal override IDisposable WriteBlock(string text)
    {
        Console.WriteLine($"##teamcity[blockOpened name='{Escape(text)}']");
        return new WhenDisposed(() => Console.WriteLine($"##teamcity[blockClosed name='{Escape(text)}']"));
    }

    protected internal override void ReportWarning(string text, string details = null) => Message(text, "WARNING");

    protected internal override void ReportError(string text, string details = null) => Message(text, "ERROR");

    private static void Message(string text, string status) =>
        Console.WriteLine($"##teamcity[message text='{Escape(text)}' status='{status}']");

    private static string Escape(string text) =>
        text.Replace("|", "||", StringComparison.Ordinal)
            .Replace("'", "|'", StringComparison.Ordinal)
            .Replace("[", "|[", StringComparison.Ordinal)
            .Replace("]", "|]", StringComparison.Ordinal)
            .Replace("\r", "|r", StringComparison.Ordinal)
            .Replace("\n", "|n", StringComparison.Ordinal);
}
