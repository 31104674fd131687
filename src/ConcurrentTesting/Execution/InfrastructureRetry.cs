using ConcurrentTesting.Record;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;

namespace ConcurrentTesting.Execution;

/// <summary>
/// Tries again what only infrastructure can fail: exponential, with jitter, bounded by the settings. What the user must mend is not tried
/// again.
/// </summary>
internal sealed class InfrastructureRetry(RunContext run)
{
    private static readonly ResiliencePropertyKey<Retried> What = new("what");

    private readonly ResiliencePipeline _pipeline = Build(run);

    /// <param name="cause">What is tried, as metrics and incidents name it: <c>session-start</c>.</param>
    public async Task<T> ExecuteAsync<T>(
        int worker, string cause, Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        var retried = new Retried(worker, cause);
        context.Properties.Set(What, retried);
        try
        {
            var result = await _pipeline.ExecuteAsync(async context => await action(context.CancellationToken), context);
            if (retried.Tries > 0)
                run.Recorder.CountRetry(cause, succeeded: true);
            return result;
        }
        catch when (retried.Tries > 0)
        {
            run.Recorder.CountRetry(cause, succeeded: false);
            throw;
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
        exception is not OperationCanceledException and not ConcurrentTestException { ExitCode: ConcurrentTestExitCode.Refused
            or ConcurrentTestExitCode.BadSettings };

    private static ValueTask Report(RunContext run, OnRetryArguments<object> arguments)
    {
        var retried = arguments.Context.Properties.GetValue(What, null!);
        var (worker, cause) = (retried.Worker, retried.Cause);
        // The last one is counted by how it ends.
        if (retried.Tries++ > 0)
            run.Recorder.CountRetry(cause, succeeded: false);
        run.Recorder.Report(
            IncidentKinds.Retry(cause),
            $"{cause} failed ({arguments.Outcome.Exception?.Message}); retry {arguments.AttemptNumber + 1} of {run.Settings.MaxRetries} in {arguments.RetryDelay.TotalSeconds:0.0} s.", worker);
        run.Log.LogDebug(arguments.Outcome.Exception, "Worker {Worker}: {Cause} failed", worker, cause);
        return ValueTask.CompletedTask;
    }

    private sealed class Retried(int worker, string cause)
    {
        public int Worker => worker;

        public string Cause => cause;

        public int Tries { get; set; }
    }
}
