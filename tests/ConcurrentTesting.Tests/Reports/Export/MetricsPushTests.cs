using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Export;
using ConcurrentTesting.Tests.Databases;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Export;

public sealed class MetricsPushTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("", "/metrics/job/concurrent_test")]
    [InlineData("/", "/metrics/job/concurrent_test")]
    [InlineData("/gateway", "/gateway/metrics/job/concurrent_test")]
    [InlineData("/metrics/job/shop/branch/main", "/metrics/job/shop/branch/main")]
    public async Task The_figures_are_put_to_a_group_that_does_not_change_from_run_to_run(string path, string group)
    {
        using var gateway = Gateway(out var port, HttpStatusCode.OK, out var received);

        await MetricsPush.PutAsync(Run($"http://127.0.0.1:{port}{path}"), new LogLines(), CancellationToken);

        var (method, target, _, body) = await received.WaitAsync(Patience, CancellationToken);
        (method, target).ShouldBe(("PUT", group));
        body.ShouldContain("concurrent_test_results_total{outcome=\"passed\"} 1");
    }

    [Fact]
    public async Task Credentials_in_the_address_are_sent_and_not_told()
    {
        using var gateway = Gateway(out var port, HttpStatusCode.Unauthorized, out var received);
        var log = new LogLines();

        await MetricsPush.PutAsync(Run($"http://ci:geh%40im@127.0.0.1:{port}"), log, CancellationToken);

        var (_, _, authorization, _) = await received.WaitAsync(Patience, CancellationToken);
        authorization.ShouldBe($"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes("ci:geh@im"))}");
        log.Text.ShouldContain("401");
        log.Text.ShouldNotContain("geh");
    }

    [Fact]
    public async Task A_gateway_that_is_not_there_is_a_warning()
    {
        var log = new LogLines();

        await MetricsPush.PutAsync(Run($"http://127.0.0.1:{FreePort()}"), log, CancellationToken);

        log.Text.ShouldContain("Metrics were not pushed to http://127.0.0.1:");
        log.Text.ShouldContain("--test-metrics-push");
    }

    [Fact]
    public async Task A_real_Pushgateway_takes_them_and_the_next_run_replaces_them()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prometheus-pushgateway"), "prometheus-pushgateway is not installed: Debian's package of that name has it");
        var port = FreePort();
        using var gateway = Process.Start(new ProcessStartInfo("/usr/bin/prometheus-pushgateway", [$"--web.listen-address=127.0.0.1:{port}"]) { RedirectStandardError = true })!;
        try
        {
            await ReadyAsync(port);
            var log = new LogLines();
            var first = Run($"http://127.0.0.1:{port}");

            await MetricsPush.PutAsync(first with { Database = new DatabaseRecord { Engine = "postgresql", TemplateHit = true } }, log, CancellationToken);
            (await ScrapeAsync(port)).ShouldContain("concurrent_test_template_hits_total{engine=\"postgresql\",instance=\"\",job=\"concurrent_test\"} 1");
            await MetricsPush.PutAsync(first, log, CancellationToken);

            var text = await ScrapeAsync(port);
            text.ShouldNotContain("concurrent_test_template_hits_total{");
            text.ShouldContain("concurrent_test_results_total{instance=\"\",job=\"concurrent_test\",outcome=\"passed\"} 1");
            log.Text.ShouldNotContain("not pushed");
        }
        finally
        {
            gateway.Kill();
            await gateway.WaitForExitAsync(CancellationToken);
        }
    }

    private static RunRecord Run(string url)
    {
        var run = RecordedRun.Of("/results", [RecordedRun.Test("Passes")]);
        return run with { Settings = run.Settings with { MetricsPushUrl = url } };
    }

    private static async Task<string> ScrapeAsync(int port)
    {
        using var client = new HttpClient();
        return await client.GetStringAsync($"http://127.0.0.1:{port}/metrics", CancellationToken);
    }

    private static async Task ReadyAsync(int port)
    {
        for (var watch = Stopwatch.StartNew(); ;)
        {
            try
            {
                await ScrapeAsync(port);
                return;
            }
            catch (HttpRequestException) when (watch.Elapsed < Patience)
            {
                await Task.Delay(20, CancellationToken);
            }
        }
    }

    private static HttpListener Gateway(out int port, HttpStatusCode answer, out Task<(string Method, string Path, string? Authorization, string Body)> received)
    {
        var listener = new HttpListener();
        port = FreePort();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        received = ReceiveAsync(listener, answer);
        return listener;
    }

    private static async Task<(string Method, string Path, string? Authorization, string Body)> ReceiveAsync(HttpListener listener, HttpStatusCode answer)
    {
        var context = await listener.GetContextAsync();
        using var reader = new StreamReader(context.Request.InputStream);
        var body = await reader.ReadToEndAsync();
        context.Response.StatusCode = (int)answer;
        context.Response.Close();
        return (context.Request.HttpMethod, context.Request.Url!.AbsolutePath, context.Request.Headers["Authorization"], body);
    }

    internal static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
