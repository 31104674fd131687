using Polly;
using Polly.Retry;

namespace ConcurrentTesting.Databases.Leases;

/// <summary>Tries again what failed for a reason that passes: exponentially, with jitter, a bounded number of times.</summary>
internal static class DatabaseRetries
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    public static ResiliencePipeline Create(
        ConcurrentTestSettings settings, Func<Exception, FaultCause> classify, DatabaseCounts counts, Redactor secrets, ILogger logger,
        TimeProvider time)
    {
        if (settings.MaxRetries == 0)
            return ResiliencePipeline.Empty;
        return new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = settings.MaxRetries,
                Delay = settings.RetryDelay,
                MaxDelay = LongestDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = attempt =>
                {
                    var again = attempt.Outcome.Exception is { } exception && classify(exception) != FaultCause.None;
                    if (!again && attempt.AttemptNumber > 0 && attempt.Outcome.Exception is null)
                        counts.Add(CountNames.RetriesSucceeded, 1);
                    return ValueTask.FromResult(again);
                },
                OnRetry = attempt =>
                {
                    var exception = attempt.Outcome.Exception!;
                    var cause = classify(exception);
                    counts.Add(CountNames.Retries, 1);
                    counts.Add(CountNames.RetriesOf(cause), 1);
                    logger.LogDebug(
                        "Trying again in {Milliseconds:0} ms ({Cause}): {Reason}",
                        attempt.RetryDelay.TotalMilliseconds,
                        cause.Word(),
                        secrets.Redact(exception.Message));
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
    }
}
