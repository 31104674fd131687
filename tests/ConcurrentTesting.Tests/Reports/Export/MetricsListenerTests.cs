using System.Net;
using System.Net.Http.Headers;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Export;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Export;

public sealed class MetricsListenerTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_failure_counts_once_it_is_final_and_an_end_that_is_not_there_yet_does_not_show()
    {
        var port = MetricsPushTests.FreePort();
        await using var listener = MetricsListener.Open(port, new LogLines())!;
        using var client = new HttpClient();
        listener.Follow(() => RecordedRun.Of("/results", [], RecordedRun.Batch(1)));
        var failed = RecordedRun.Test("Shaky", RecordedRun.Attempt(TestOutcome.Failed));

        listener.Observer.TestFinished(failed, isFinal: false);
        var before = await client.GetStringAsync($"http://127.0.0.1:{port}/metrics", CancellationToken);
        listener.Observer.TestFinished(RecordedRun.Test("Shaky", RecordedRun.Attempt(TestOutcome.Failed), RecordedRun.Attempt(number: 2)), isFinal: true);
        var after = await client.GetStringAsync($"http://localhost:{port}/metrics", CancellationToken);

        before.ShouldContain("concurrent_test_results_total{outcome=\"failed\"} 0");
        before.ShouldContain("concurrent_test_worker_batches_total{worker=\"0\"} 1");
        before.ShouldNotContain("exit_code");
        after.ShouldContain("concurrent_test_results_total{outcome=\"failed\"} 0");
        after.ShouldContain("concurrent_test_results_total{outcome=\"passed\"} 1");
        after.ShouldContain("concurrent_test_flaky_tests 1");
        after.ShouldContain("concurrent_test_active_tests 0");
    }

    [Fact]
    public async Task It_answers_in_Prometheus_text_format_and_nothing_but_scrapes()
    {
        var port = MetricsPushTests.FreePort();
        await using var listener = MetricsListener.Open(port, new LogLines())!;
        using var client = new HttpClient();

        using var early = await client.GetAsync($"http://127.0.0.1:{port}/metrics", CancellationToken);
        using var other = await client.GetAsync($"http://127.0.0.1:{port}/", CancellationToken);
        using var post = await client.PostAsync($"http://127.0.0.1:{port}/metrics", new ByteArrayContent([]), CancellationToken);

        early.StatusCode.ShouldBe(HttpStatusCode.OK);
        early.Content.Headers.ContentType.ShouldBe(MediaTypeHeaderValue.Parse("text/plain; version=0.0.4; charset=utf-8"));
        other.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        post.StatusCode.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_port_in_use_ends_the_run_before_it_begins()
    {
        var port = MetricsPushTests.FreePort();
        await using var first = MetricsListener.Open(port, new LogLines());

        var exception = Should.Throw<ConcurrentTestException>(() => MetricsListener.Open(port, new LogLines()));

        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        exception.Message.ShouldContain($"--test-metrics-listen {port}");
        exception.Message.ShouldContain("Choose another port");
    }

    [Fact]
    public async Task A_listener_that_is_closed_as_it_begins_ends()
    {
        var port = MetricsPushTests.FreePort();

        for (var round = 0; round < 1_000; round++)
        {
            var listener = MetricsListener.Open(port, new LogLines())!;
            Thread.SpinWait(round * 7 % 500);
            await listener.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10), CancellationToken);
        }
    }
}
