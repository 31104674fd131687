namespace ConcurrentTesting.Settings;

/// <summary>The settings of a run, from what the user wrote.</summary>
public static class ConcurrentTestParameters
{
    /// <summary>All parameters in groups, with an example each: what <c>--help</c> and
    /// <c>--test-help</c> print.</summary>
    public static string Explain() => ParameterGroups.Text();

    /// <summary>Puts the values of all parameters over <paramref name="settings"/> (the defaults and what was set in C#), makes paths
    /// absolute and checks everything that can be checked before a run begins.</summary>
    /// <param name="logger">Hears of variables that are ignored, and of a secret on the command line.</param>
    /// <exception cref="ConcurrentTestException">
    /// With <see cref="ConcurrentTestExitCode.BadSettings"/> and all errors, one a line: each names the parameter, its value and what is
    /// allowed.
    /// </exception>
    public static ConcurrentTestSettings Parse(ParameterSources sources, ConcurrentTestSettings settings, ILogger logger)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(settings);
        var reading = new ParameterReading(sources, settings, logger);
        var parsed = reading.Read();
        return reading.Errors.Count == 0
            ? parsed
            : throw new ConcurrentTestException(ConcurrentTestExitCode.BadSettings, string.Join(Environment.NewLine, reading.Errors));
    }
}
