using System.Collections.Concurrent;

namespace ConcurrentTesting.Safety;

/// <summary>Refuses what looks dangerous unless the user allowed exactly that by name (<see cref="ConcurrentTestSettings.Allow"/>). What
/// was allowed and would have been refused is printed and kept for the record.</summary>
internal sealed class Guards
{
    private readonly ConcurrentTestSettings _settings;
    private readonly ILogger _logger;
    private readonly ConcurrentQueue<string> _overridden = new();

    /// <exception cref="ConcurrentTestException">A guard is overridden that does not exist.</exception>
    public Guards(ConcurrentTestSettings settings, ILogger logger)
    {
        _settings = settings;
        _logger = logger;
        var names = GuardName.All.Select(guard => guard.Name).ToArray();
        if (settings.Allow.FirstOrDefault(name => !names.Contains(name, StringComparer.OrdinalIgnoreCase)) is { } unknown)
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-allow '{unknown}': there is no such guard; there are {string.Join(", ", names)}");
        }
    }

    /// <summary>One line for each guard that an override kept quiet.</summary>
    public ImmutableArray<string> Overridden => [.. _overridden];

    public bool Allows(GuardName guard) => _settings.Allow.Contains(guard.Name, StringComparer.OrdinalIgnoreCase);

    /// <param name="finding">What was found, as a sentence without its stop.</param>
    /// <param name="remedy">What to do instead of overriding.</param>
    /// <exception cref="ConcurrentTestException">The guard is not overridden.</exception>
    public void Refuse(GuardName guard, string finding, string remedy)
    {
        if (!Allows(guard))
        {
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.Refused, $"refused: {finding}; {remedy}, or allow it with --test-allow {guard.Name}");
        }

        _overridden.Enqueue($"{guard.Name}: {finding}");
        _logger.LogWarning("Allowed by --test-allow {Guard}: {Finding}", guard.Name, finding);
    }

    /// <summary>Says what a person should look at and goes on.</summary>
    public void Warn(string finding) => _logger.LogWarning("{Finding}", finding);
}
