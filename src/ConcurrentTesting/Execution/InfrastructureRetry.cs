using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace ConcurrentTesting.Execution;

/// <summary>Tries again what only infrastructure can fail: exponential, with jitter, bounded by the settings. What the user must mend is not tried again.</summary>
internal sealed class InfrastructureRetry(RunContext run)
{
    private static readonly ResiliencePropertyKey<(int Worker, string Cause)> What = new("what");

    private readonly ResiliencePipeline _pipeline = Build(run);

    /// <param name="cause">What is tried, as metrics and incidents name it: <c>clone</c>, <c>session-start</c>.</param>
    public async Task<T> ExecuteAsync<T>(int worker, string cause, Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(What, (worker, cause));
        try
        {
            return await _pipeline.ExecuteAsync(async context => await action(context.CancellationToken), context);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static ResiliencePipeline Build(RunContext run)
    {
        if (run.Settings.MaxRetries == 0)
            return ResiliencePipeline.Empty;

        return new ResiliencePipelineBuilder { TimeProvider = run.Time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = run.Settings.MaxRetries,
                Delay = run.Settings.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                MaxDelay = TimeSpan.FromSeconds(30),
                ShouldHandle = new PredicateBuilder().Handle<Exception>(IsTransient),
                OnRetry = arguments => Report(run, arguments),
            })
            .Build();
    }

    private static bool IsTransient(Exception exception) =>
        exception is not OperationCanceledException and not ConcurrentTestException { ExitCode: ConcurrentTestExitCode.Refused or ConcurrentTestExitCode.BadSettings };

    private static ValueTask Report(RunContext run, OnRetryArguments<object> arguments)
    {
        var (worker, cause) = arguments.Context.Properties.GetValue(What, default);
        run.Recorder.Report($"retry-{cause}", $"Worker {worker}: {cause} failed ({arguments.Outcome.Exception?.Message}); retry {arguments.AttemptNumber + 1} of {run.Settings.MaxRetries} in {arguments.RetryDelay.TotalSeconds:0.0} s.", worker);
        run.Log.LogDebug(arguments.Outcome.Exception, "Worker {Worker}: {Cause} failed", worker, cause);
        return ValueTask.CompletedTask;
    }
}
