using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace ConcurrentTesting.Safety;

/// <summary>
/// Refuses what looks dangerous unless the user allowed exactly that by name (<see cref="ConcurrentTestSettings.Allow"/>). What was allowed and would have been
/// refused is printed and kept for the record.
/// </summary>
internal sealed class Guards(ConcurrentTestSettings settings, ILogger logger)
{
    private readonly ConcurrentQueue<string> _overridden = new();

    /// <summary>One line for each guard that an override kept quiet.</summary>
    public ImmutableArray<string> Overridden => [.. _overridden];

    /// <param name="finding">What was found, as a sentence without its stop.</param>
    /// <param name="remedy">What to do instead of overriding.</param>
    /// <exception cref="ConcurrentTestException">The guard is not overridden.</exception>
    public void Refuse(GuardName guard, string finding, string remedy)
    {
        if (!settings.Allow.Contains(guard.Name, StringComparer.OrdinalIgnoreCase))
            throw new ConcurrentTestException(ConcurrentTestExitCode.Refused, $"refused: {finding}; {remedy}, or allow it with --test-allow {guard.Name}");
        _overridden.Enqueue($"{guard.Name}: {finding}");
        logger.LogWarning("Allowed by --test-allow {Guard}: {Finding}", guard.Name, finding);
    }

    /// <summary>Says what a person should look at and goes on.</summary>
    public void Warn(string finding) => logger.LogWarning("{Finding}", finding);
}
