namespace ConcurrentTesting.Record;

/// <summary>What a run's record knows of the settings: all of them, but nothing secret.</summary>
internal static partial class RecordedSettings
{
    /// <summary>Stands for what is secret; that there was something is none.</summary>
    public const string Mask = "***";

    public static ConcurrentTestSettings Of(ConcurrentTestSettings settings) => settings with
    {
        ConnectionString = settings.ConnectionString is null ? null : Mask,
        MetricsPushUrl = null,
        Queue = settings.Queue is null ? null : Mask,
        Leaving = default,
        TemplateHook = null,
        Template = [.. settings.Template.Select(WithoutArguments)],
        Environment = [.. settings.Environment.Select(variable => variable with { Pattern = WithoutLiterals(variable.Pattern) })],
    };

    /// <summary>A template's command line may hold a password; its program does not.</summary>
    public static string WithoutArguments(string template)
    {
        var command = Command().Match(template);
        if (!command.Success)
            return template;
        var program = command.Groups["program"].Value;
        return command.Groups["begin"]
            .Value + (program == Mask || program.Contains('=', StringComparison.Ordinal) ? Mask : $"{program} {Mask}");
    }

    /// <summary>A variable and its pattern, where that is open.</summary>
    public static string Shown(EnvironmentPattern variable) => $"{variable.Name}={(IsOpen(variable.Pattern) ? variable.Pattern : Mask)}";

    /// <summary>Whether a variable's pattern is nothing but placeholders and what stands between the parts of a host and a path.</summary>
    private static bool IsOpen(string pattern) =>
        EnvironmentPattern.Placeholder().Replace(pattern, "") is var rest && rest.Length < pattern.Length && Joints().IsMatch(rest);

    private static string WithoutLiterals(string pattern) =>
        IsOpen(pattern)
            ? pattern
            : Mask + string.Concat(EnvironmentPattern.Placeholder().Matches(pattern).Select(placeholder => placeholder.Value));

    [GeneratedRegex(@"\A(?<begin>([A-Za-z0-9_]+=)?cmd:)\s*(?<program>[^ ]*)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Command();

    [GeneratedRegex(@"\A[\s/:.,_-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Joints();
}
