using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace ConcurrentTesting.Reports.Export;

/// <summary>A finished run as a trace: the run, its workers, their batches, the tests. Sent by OpenTelemetry's own exporter where its usual
/// variables say so, and else not at all. What goes wrong is a warning: it is no test's fault.</summary>
/// <remarks>https://opentelemetry.io/docs/specs/semconv/registry/attributes/cicd/,
/// https://opentelemetry.io/docs/specs/semconv/registry/attributes/test/,
/// https://opentelemetry.io/docs/specs/otel/protocol/exporter/</remarks>
internal sealed class RunTrace
{
    public const string SourceName = "ConcurrentTesting";

    private const string DefaultService = "concurrent-test";
    private const int LeastQueue = 2048;
    private static readonly string[] Endpoints = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);
    private static readonly ActivitySource Source = new(SourceName);

    private readonly RunRecord _record;
    private readonly Redactor _redactor;

    private RunTrace(RunRecord record, Redactor redactor)
    {
        _record = record;
        _redactor = redactor;
    }

    /// <summary>Sends the trace where the environment asks for it.</summary>
    /// <param name="variable">The environment.</param>
    public static void Export(RunRecord record, Redactor redactor, Func<string, string?> variable, ILogger log)
    {
        if (!IsAskedFor(variable))
            return;
        try
        {
            Send(record, redactor, variable, log);
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or FormatException
            or NotSupportedException)
        {
            // The exporter reads its own variables, and throws at values that it cannot take.
            log.LogWarning("The run's trace was not sent ({Variable}): {Reason}", Endpoints[0], redactor.Redact(exception.Message));
        }
    }

    private static void Send(RunRecord record, Redactor redactor, Func<string, string?> variable, ILogger log)
    {
        var spans = 1 + record.StartedWorkers.Count() + record.Batches.Length + record.Tests.Sum(test => test.Attempts.Length);
        using var failures = new ExporterFailures();
        using var provider = Sdk.CreateTracerProviderBuilder()
            .AddSource(SourceName)
            .ConfigureResource(resource => AddService(resource, variable))
            .SetSampler(new AlwaysOnSampler())
            .AddOtlpExporter(exporter => exporter.BatchExportProcessorOptions.MaxQueueSize = Math.Max(LeastQueue, spans))
            .Build();
        Write(record, redactor, variable);
        var isInTime = provider.ForceFlush((int)Bound.TotalMilliseconds);
        if (!isInTime || failures.First is not null)
        {
            log.LogWarning(
                "The run's trace was not sent ({Variable}): {Reason}", Endpoints[0],
                redactor.Redact(failures.First ?? $"no answer in {Bound.TotalSeconds:0} s"));
        }
        else
        {
            log.LogDebug("The run's trace was sent, with {Spans}", Quantity.Of(spans, "span"));
        }
    }

    /// <summary>Makes the activities, for whoever listens.</summary>
    public static void Write(RunRecord record, Redactor redactor, Func<string, string?> variable)
    {
        var parent = ActivityContext.TryParse(variable("TRACEPARENT"), variable("TRACESTATE"), isRemote: true, out var given)
            ? given
            : default;

        // The caller's activity is not the run's parent, unless TRACEPARENT says so.
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            new RunTrace(record, redactor).WriteRun(parent);
        }
        finally
        {
            Activity.Current = current;
        }
    }

    private static bool IsAskedFor(Func<string, string?> variable) =>
        Endpoints.Any(name => variable(name) is { Length: > 0 })
        && !string.Equals(variable("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
        && !string.Equals(variable("OTEL_TRACES_EXPORTER"), "none", StringComparison.OrdinalIgnoreCase);

    // The variables' own service name is read by default; an added one would win over it.
    private static void AddService(ResourceBuilder resource, Func<string, string?> variable)
    {
        if (variable("OTEL_SERVICE_NAME") is not { Length: > 0 }
            && variable("OTEL_RESOURCE_ATTRIBUTES")?.Contains("service.name=", StringComparison.Ordinal) != true)
            resource.AddService(DefaultService);
    }

    private void WriteRun(ActivityContext parent)
    {
        var run = Begin("RUN ConcurrentTest", parent, _record.StartedAt);
        if (run is null)
            return;
        run.SetTag("cicd.pipeline.name", "ConcurrentTest");
        run.SetTag("cicd.pipeline.action.name", "RUN");
        run.SetTag("cicd.pipeline.run.id", _record.RunId);
        run.SetTag("cicd.pipeline.result", ResultOf(_record.ExitCode));
        if (_record.ExitCode != ConcurrentTestExitCode.Success)
            run.SetStatus(ActivityStatusCode.Error, _redactor.Redact(_record.Reason));
        var attempts = _record.Tests.SelectMany(test => test.Attempts.Select(attempt => (Test: test, Attempt: attempt)))
            .ToLookup(row => row.Attempt.Batch);
        foreach (var worker in _record.StartedWorkers)
            WriteWorker(worker, run.Context, attempts);
        End(run, _record.StartedAt, _record.Span);
    }

    private void WriteWorker(WorkerRecord worker, ActivityContext run, ILookup<int, (TestRecord Test, TestAttempt Attempt)> attempts)
    {
        var number = worker.Number.ToString(CultureInfo.InvariantCulture);
        var activity = Begin($"worker {number}", run, worker.StartedAt);
        if (activity is null)
            return;
        activity.SetTag("cicd.worker.id", number);
        activity.SetTag("cicd.worker.name", $"worker {number}");
        foreach (var batch in _record.Batches.Where(batch => batch.Worker == worker.Number))
            WriteBatch(batch, activity.Context, attempts[batch.Number]);
        End(activity, worker.StartedAt, worker.Duration);
    }

    private void WriteBatch(BatchRecord batch, ActivityContext worker, IEnumerable<(TestRecord Test, TestAttempt Attempt)> attempts)
    {
        var number = batch.Number.ToString(CultureInfo.InvariantCulture);
        var activity = Begin($"batch {number} {batch.Assembly.Name}", worker, batch.StartedAt);
        if (activity is null)
            return;
        activity.SetTag("cicd.pipeline.task.name", batch.Assembly.Name);
        activity.SetTag("cicd.pipeline.task.run.id", number);
        activity.SetTag("cicd.pipeline.task.type", "test");
        activity.SetTag("test.suite.name", batch.Assembly.Source);
        activity.SetTag("concurrent_test.batch.reason", batch.Reason);
        if (batch.Error is { } error)
            activity.SetStatus(ActivityStatusCode.Error, _redactor.Redact(error));
        foreach (var (test, attempt) in attempts)
            WriteTest(test, attempt, activity.Context);
        End(activity, batch.StartedAt, batch.Duration);
    }

    private void WriteTest(TestRecord test, TestAttempt attempt, ActivityContext batch)
    {
        var activity = Begin(_redactor.Redact($"{test.ClassName}.{test.Name}"), batch, attempt.StartedAt);
        if (activity is null)
            return;
        activity.SetTag("test.case.name", _redactor.Redact($"{test.ClassName}.{test.Name}"));
        activity.SetTag("test.suite.name", test.Assembly.Source);
        activity.SetTag("code.function.name", $"{test.ClassName}.{test.MethodName}");
        activity.SetTag("concurrent_test.attempt", attempt.Number);
        activity.SetTag("concurrent_test.queries", attempt.Figures?.Queries);
        activity.SetTag("concurrent_test.writes", attempt.Figures?.Writes);
        if (attempt.Outcome is TestOutcome.Passed or TestOutcome.Failed)
            activity.SetTag("test.case.result.status", attempt.Outcome == TestOutcome.Passed ? "pass" : "fail");
        if (attempt.Outcome is not (TestOutcome.Passed or TestOutcome.Skipped))
            Fail(activity, attempt);
        End(activity, attempt.StartedAt, attempt.Duration);
    }

    private void Fail(Activity activity, TestAttempt attempt)
    {
        activity.SetTag("error.type", attempt.Outcome switch
        {
            TestOutcome.TimedOut => "timeout",
            TestOutcome.Error => "no_result",
            _ => "failure",
        });
        activity.SetStatus(ActivityStatusCode.Error, TextCap.Apply(_redactor.Redact(attempt.Message ?? ""), TextCap.Message));
    }

    private static string ResultOf(ConcurrentTestExitCode exitCode) => exitCode switch
    {
        ConcurrentTestExitCode.Success => "success",
        ConcurrentTestExitCode.TestsFailed => "failure",
        ConcurrentTestExitCode.Cancelled => "cancellation",
        _ => "error",
    };

    private static Activity? Begin(string name, ActivityContext parent, DateTimeOffset start)
    {
        var activity = Source.CreateActivity(name, ActivityKind.Internal, parent);
        activity?.SetStartTime(start.UtcDateTime);
        return activity?.Start();
    }

    private static void End(Activity activity, DateTimeOffset start, TimeSpan duration)
    {
        activity.SetEndTime((start + (duration > TimeSpan.Zero ? duration : TimeSpan.FromTicks(1))).UtcDateTime);
        activity.Stop();
    }
}
