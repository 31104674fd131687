using System.Net;
using System.Text;
using ConcurrentTesting.IntegrationTests.Samples;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>A whole run and who collects its trace.</summary>
public sealed class TraceTests
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_sends_its_trace_as_part_of_the_one_that_it_was_started_in()
    {
        using var collector = new HttpListener();
        var address = $"http://127.0.0.1:{PrometheusTests.FreePort()}";
        collector.Prefixes.Add($"{address}/");
        collector.Start();
        var received = ReceiveAsync(collector);
        using var suite = new TroubledSuite();
        using var run = SampleRun.StartIn(
            suite.Folder,
            suite.Command($"--workers 2 --test-filter {TroubledSuite.RowsOnly}").Prepend("dotnet").ToArray(),
            [
                .. suite.Variables("FAIL=Rows07:2"),
                ("OTEL_EXPORTER_OTLP_ENDPOINT", address), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"), ("OTEL_SERVICE_NAME", "shop-build"),
                ("TRACEPARENT", $"00-{TraceId}-b7ad6b7169203331-01"),
            ]);

        var outcome = await run.EndAsync(Cancellation);

        outcome.ExitCode.ShouldBe(1, outcome.Output);
        var spans = await received.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        Occurrences(spans, Convert.FromHexString(TraceId)).ShouldBe(1 + 2 + outcome.Run.GetProperty("batches").GetArrayLength() + outcome.Tests.Count);
        var text = Encoding.UTF8.GetString(spans);
        foreach (var said in new[] { "shop-build", "worker 0", "worker 1", "Troubled.Rows99.Row(number: 3)", "TROUBLED_FAIL asks for it." })
            text.ShouldContain(said);
    }

    // All of it, in however many parts it comes.
    private static async Task<byte[]> ReceiveAsync(HttpListener collector)
    {
        using var all = new MemoryStream();
        while (Occurrences(all.ToArray(), "RUN ConcurrentTest"u8) == 0)
        {
            var context = await collector.GetContextAsync();
            await context.Request.InputStream.CopyToAsync(all, Cancellation);
            context.Response.ContentType = "application/x-protobuf";
            context.Response.Close();
        }

        return all.ToArray();
    }

    private static int Occurrences(ReadOnlySpan<byte> body, ReadOnlySpan<byte> sought)
    {
        var count = 0;
        for (var at = body.IndexOf(sought); at >= 0; at = body.IndexOf(sought))
        {
            count++;
            body = body[(at + sought.Length)..];
        }

        return count;
    }
}
