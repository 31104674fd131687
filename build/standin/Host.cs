using System.ComponentModel;
using System.Globalization;
using Nuke.Common.CI.AzurePipelines;
using Nuke.Common.CI.GitHubActions;
using Nuke.Common.CI.GitLab;
using Nuke.Common.CI.TeamCity;
using Nuke.Common.Execution;
using Serilog.Events;

namespace Nuke.Common;

/// <summary>Where the build runs: a terminal or a CI server.</summary>
[TypeConverter(typeof(TypeConverter))]
public class Host
{
    protected Host() => Instance = this;

    internal static Host Instance { get; private set; }

    protected internal virtual IDisposable WriteBlock(string text)
    {
        WriteLine();
        WriteLine("╬" + new string('═', text.Length + 5));
        WriteLine($"║ {text}", ConsoleColor.Cyan);
        WriteLine("╬" + new string('═', Math.Max(text.Length - 4, 2)));
        WriteLine();
        return new WhenDisposed(() => { });
    }

    protected internal virtual void ReportWarning(string text, string details = null)
    {
    }

    protected internal virtual void ReportError(string text, string details = null)
    {
    }

    protected internal virtual void WriteErrorsAndWarnings()
    {
        if (Logging.Remembered.Count == 0)
            return;

        using (WriteBlock("Errors & Warnings"))
        {
            foreach (var (target, entry) in Logging.Remembered)
            {
                var isError = entry.Level >= LogEventLevel.Error;
                WriteLine($"[{(isError ? "ERR" : "WRN")}] {target}: {Logging.Text(entry)}", isError ? ConsoleColor.Red : ConsoleColor.Yellow);
            }
        }
    }

    protected internal virtual void WriteTargetOutcome(INukeBuild build)
    {
        const int StatusWidth = 10, DurationWidth = 10;
        var nameWidth = Math.Max(build.ExecutionPlan.Max(target => target.Name.Length) + 4, 19);
        string Line(string name, string status, string duration) =>
            name.PadRight(nameWidth) + status.PadRight(StatusWidth) + duration.PadLeft(DurationWidth);

        var width = nameWidth + StatusWidth + DurationWidth;
        WriteLine();
        WriteLine(new string('═', width));
        WriteLine(Line("Target", "Status", "Duration"), ConsoleColor.Cyan);
        WriteLine(new string('─', width));
        foreach (var target in build.ExecutionPlan.Where(target => target.Status != ExecutionStatus.Collective))
        {
            var hasRun = target.Status is ExecutionStatus.Succeeded or ExecutionStatus.Failed or ExecutionStatus.Aborted;
            var information = string.Join(", ", target.SummaryInformation.Select(pair => $"{pair.Key}: {pair.Value}"));
            WriteLine(
                Line(target.Name, $"{target.Status}", hasRun ? Duration(target.Duration) : string.Empty)
                + (information.Length > 0 ? $"   // {information}" : string.Empty),
                Color(target.Status));
        }

        WriteLine(new string('─', width));
        WriteLine(Line("Total", string.Empty, Duration(new TimeSpan(build.ExecutionPlan.Sum(target => target.Duration.Ticks)))), ConsoleColor.Cyan);
        WriteLine(new string('═', width));
    }

    protected internal virtual void WriteBuildOutcome(INukeBuild build)
    {
        var isSucceeding = build.ExecutionPlan.All(target =>
            target.Status is ExecutionStatus.Succeeded or ExecutionStatus.Skipped or ExecutionStatus.Collective);
        WriteLine();
        WriteLine(
            $"Build {(isSucceeding ? "succeeded" : "failed")} on {DateTime.Now.ToString(CultureInfo.CurrentCulture)}.",
            isSucceeding ? ConsoleColor.Green : ConsoleColor.Red);
    }

    internal static Host OfThisProcess() =>
        GitHubActions.IsRunningGitHubActions ? new GitHubActions()
        : AzurePipelines.IsRunningAzurePipelines ? new AzurePipelines()
        : TeamCity.IsRunningTeamCity ? new TeamCity()
        : GitLab.IsRunningGitLab ? new GitLab()
        : new Terminal();

    internal static void WriteLine(string text = "", ConsoleColor? color = null)
    {
        if (color is { } foreground && !Console.IsOutputRedirected)
            Console.ForegroundColor = foreground;
        Console.WriteLine(text);
        if (color is not null && !Console.IsOutputRedirected)
            Console.ResetColor();
    }

    private static string Duration(TimeSpan duration) =>
        duration < TimeSpan.FromSeconds(1) ? "< 1sec" : $"{(int)duration.TotalMinutes}:{duration:ss}";

    private static ConsoleColor? Color(ExecutionStatus status) => status switch
    {
        ExecutionStatus.Succeeded => ConsoleColor.Green,
        ExecutionStatus.Failed => ConsoleColor.Red,
        ExecutionStatus.Aborted or ExecutionStatus.NotRun => ConsoleColor.Yellow,
        _ => null,
    };

    private sealed class TypeConverter : System.ComponentModel.TypeConverter
    {
        public override bool CanConvertFrom(ITypeDescriptorContext context, Type sourceType) =>
            sourceType == typeof(string) || base.CanConvertFrom(context, sourceType);

        public override object ConvertFrom(ITypeDescriptorContext context, CultureInfo culture, object value)
        {
            var type = typeof(Host).Assembly.GetTypes().Single(candidate =>
                candidate.IsSubclassOf(typeof(Host)) && candidate.Name.Equals((string)value, StringComparison.OrdinalIgnoreCase));
            return Activator.CreateInstance(type, nonPublic: true);
        }
    }
}
