using ConcurrentTesting.VsTest;
using Polly;
using Polly.Retry;
using static System.FormattableString;

namespace ConcurrentTesting.Execution;

/// <summary>Tries again to start a test session, where the infrastructure failed: with exponential delays, jitter, and the bounds of the
/// settings. Errors that the user has to correct are not tried again.</summary>
internal sealed class InfrastructureRetry(RunContext run)
{
    private static readonly ResiliencePropertyKey<Retried> What = new("what");

    private readonly ResiliencePipeline _pipeline = Build(run);

    public async Task<VsTestSession> StartAsync(
        int worker, Func<CancellationToken, Task<VsTestSession>> start, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        var retried = new Retried(worker);
        context.Properties.Set(What, retried);
        try
        {
            var result = await _pipeline.ExecuteAsync(async context => await start(context.CancellationToken), context);
            if (retried.Tries > 0)
                run.Recorder.CountRetry(RetryCounts.SessionStart, succeeded: true);
            return result;
        }
        catch when (retried.Tries > 0)
        {
            run.Recorder.CountRetry(RetryCounts.SessionStart, succeeded: false);
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
        exception is not OperationCanceledException and not ConcurrentTestException
        {
            ExitCode: ConcurrentTestExitCode.Refused
            or ConcurrentTestExitCode.BadSettings
        };

    private static ValueTask Report(RunContext run, OnRetryArguments<object> arguments)
    {
        var retried = arguments.Context.Properties.GetValue(What, null!);
        // A retry is counted when its outcome is known, so the last one is counted here.
        if (retried.Tries++ > 0)
            run.Recorder.CountRetry(RetryCounts.SessionStart, succeeded: false);
        run.Recorder.Report(
            IncidentKinds.Retry(RetryCounts.SessionStart),
            Invariant($"The test session did not start ({arguments.Outcome.Exception?.Message}): attempt {arguments.AttemptNumber + 1} of {run.Settings.MaxRetries} follows in {arguments.RetryDelay.TotalSeconds:0.0} s."),
            retried.Worker);
        run.Log.LogDebug(arguments.Outcome.Exception, "Worker {Worker}: the test session did not start", retried.Worker);
        return ValueTask.CompletedTask;
    }

    private sealed class Retried(int worker)
    {
        public int Worker => worker;

        public int Tries { get; set; }
    }
}
