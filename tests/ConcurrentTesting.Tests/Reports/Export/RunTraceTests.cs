using System.Diagnostics;
using System.Net;
using System.Text;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Export;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Export;

[Collection(ProcessWide.Name)]
public sealed class RunTraceTests
{
    private const string TraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string ParentId = "00f067aa0ba902b7";

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public void A_run_holds_its_workers_they_their_batches_and_those_the_tests()
    {
        var spans = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RunTrace.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);

        RunTrace.Write(Run(), new Redactor(), Environment(("TRACEPARENT", $"00-{TraceId}-{ParentId}-01")));

        var run = spans.Single(span => span.DisplayName == "RUN ConcurrentTest");
        (run.TraceId.ToHexString(), run.ParentSpanId.ToHexString()).ShouldBe((TraceId, ParentId));
        run.GetTagItem("cicd.pipeline.result").ShouldBe("failure");
        run.Duration.ShouldBe(TimeSpan.FromSeconds(10));
        var worker = spans.Single(span => span.DisplayName == "worker 0");
        worker.ParentSpanId.ShouldBe(run.SpanId);
        var batch = spans.Single(span => span.DisplayName == "batch 1 Shop.Tests");
        batch.ParentSpanId.ShouldBe(worker.SpanId);
        var failed = spans.Single(span => span.DisplayName == "Shop.Tests.BasketTests.Fails");
        failed.ParentSpanId.ShouldBe(batch.SpanId);
        failed.Status.ShouldBe(ActivityStatusCode.Error);
        failed.StatusDescription.ShouldBe("expected 1");
        failed.GetTagItem("test.case.result.status").ShouldBe("fail");
        failed.StartTimeUtc.ShouldBe(RecordedRun.Start.AddSeconds(1).UtcDateTime);
        spans.ShouldAllBe(span => span.TraceId == run.TraceId);
        spans.Count.ShouldBe(1 + 2 + 1 + 2);
    }

    [Fact]
    public async Task A_real_collector_gets_every_span_over_HTTP()
    {
        using var collector = new HttpListener();
        var port = MetricsPushTests.FreePort();
        collector.Prefixes.Add($"http://127.0.0.1:{port}/");
        collector.Start();
        var received = ReceiveAsync(collector);

        WithVariables(port, variable => RunTrace.Export(Run(), new Redactor(), variable, new LogLines()));

        var (path, type, body) = await received.WaitAsync(TimeSpan.FromSeconds(30), CancellationToken);
        (path, type).ShouldBe(("/v1/traces", "application/x-protobuf"));
        var text = Encoding.UTF8.GetString(body);
        foreach (var said in new[] { "RUN ConcurrentTest", "worker 0", "worker 1", "batch 1 Shop.Tests", "Shop.Tests.BasketTests.Passes", "cicd.pipeline.run.id", "concurrent-test" })
            text.ShouldContain(said);
        Occurrences(body, Convert.FromHexString(TraceId)).ShouldBe(6);
    }

    [Fact]
    public void Without_the_usual_variables_nothing_is_sent_and_nobody_who_listens_is_a_warning()
    {
        var silent = new LogLines();
        RunTrace.Export(Run(), new Redactor(), _ => null, silent);
        silent.Text.ShouldBe("");

        var disabled = new LogLines();
        RunTrace.Export(Run(), new Redactor(), Environment(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1"), ("OTEL_SDK_DISABLED", "true")), disabled);
        disabled.Text.ShouldBe("");

        var log = new LogLines();
        WithVariables(MetricsPushTests.FreePort(), variable => RunTrace.Export(Run(), new Redactor(), variable, log));
        log.Text.ShouldContain("Warning: The run's trace was not sent");
    }

    private static RunRecord Run() => RecordedRun.Of(
        "/results",
        [
            RecordedRun.Test("Passes", RecordedRun.Attempt(batch: 1)),
            RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed, batch: 1) with { Message = "expected 1" }),
        ],
        RecordedRun.Batch(1));

    [Fact]
    public void Variables_that_the_exporter_cannot_take_are_a_warning()
    {
        var log = new LogLines();

        WithVariables(1, variable => RunTrace.Export(Run(), new Redactor(), variable, log), ("OTEL_EXPORTER_OTLP_HEADERS", "Bearer abc"));

        log.Text.ShouldContain("Warning: The run's trace was not sent");
    }

    // The exporter reads the process's own environment.
    private static void WithVariables(int port, Action<Func<string, string?>> export, params (string Name, string Value)[] more)
    {
        (string Name, string Value)[] variables = [.. more, ("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://127.0.0.1:{port}"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("TRACEPARENT", $"00-{TraceId}-{ParentId}-01")];
        foreach (var (name, value) in variables)
            System.Environment.SetEnvironmentVariable(name, value);
        try
        {
            export(System.Environment.GetEnvironmentVariable);
        }
        finally
        {
            foreach (var (name, _) in variables)
                System.Environment.SetEnvironmentVariable(name, null);
        }
    }

    private static Func<string, string?> Environment(params (string Name, string Value)[] variables) => name => variables.FirstOrDefault(variable => variable.Name == name).Value;

    private static async Task<(string Path, string? Type, byte[] Body)> ReceiveAsync(HttpListener collector)
    {
        var context = await collector.GetContextAsync();
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        context.Response.StatusCode = 200;
        context.Response.ContentType = "application/x-protobuf";
        context.Response.Close();
        return (context.Request.Url!.AbsolutePath, context.Request.ContentType, body.ToArray());
    }

    private static int Occurrences(byte[] body, byte[] sought)
    {
        var count = 0;
        for (var at = body.AsSpan().IndexOf(sought); at >= 0; count++)
        {
            var next = body.AsSpan(at + sought.Length).IndexOf(sought);
            at = next < 0 ? -1 : at + sought.Length + next;
        }

        return count;
    }
}
