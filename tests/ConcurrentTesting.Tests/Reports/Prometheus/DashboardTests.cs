using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Export;
using ConcurrentTesting.Reports.Prometheus;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.Tests.Hook;
using ConcurrentTesting.Tests.Reports.Export;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Prometheus;

/// <summary>What the dashboard asks a real Prometheus, which has scraped a run's file and a run that goes on.</summary>
public sealed class DashboardTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("prometheus-");

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Every_query_of_the_dashboard_has_an_answer()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prometheus"), "prometheus is not installed: Debian's package of that name has it");
        var record = Run();
        var (filePort, livePort, port) = (MetricsPushTests.FreePort(), MetricsPushTests.FreePort(), MetricsPushTests.FreePort());
        using var file = Serve(filePort, await WrittenAsync(record));
        await using var live = MetricsListener.Open(livePort, new LogLines())!;
        live.Follow(() => record);
        using var prometheus = Start(port, filePort, livePort);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await Eventually.HoldsAsync(() => HasAnswer(client, "concurrent_test_run_duration_seconds") && HasAnswer(client, "concurrent_test_active_tests"));
            var unanswered = Queries();
            unanswered.Count.ShouldBeGreaterThan(25);

            // A scrape that is late makes a gap of some milliseconds.
            await Eventually.HoldsAsync(() => unanswered.RemoveAll(query => HasAnswer(client, query)) >= 0 && unanswered.Count == 0, () => string.Join('\n', unanswered));
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync(CancellationToken);
        }
    }

    private static List<string> Queries()
    {
        var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Docs, "grafana", "concurrent-test.json"))).RootElement;
        return
        [
            .. dashboard.GetProperty("panels").EnumerateArray().SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
                .Select(target => target.GetProperty("expr").GetString()!.Replace("$job", ".*", StringComparison.Ordinal)),
        ];
    }

    private static bool HasAnswer(HttpClient client, string query)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/query?query={Uri.EscapeDataString(query)}");
            using var response = client.Send(request, CancellationToken);
            // While it starts it has none, and says so in words.
            if (!response.IsSuccessStatusCode)
                return false;
            var answer = JsonDocument.Parse(response.Content.ReadAsStream(CancellationToken)).RootElement;
            return answer.GetProperty("status").GetString() == "success" && answer.GetProperty("data").GetProperty("result").GetArrayLength() > 0;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static RunRecord Run()
    {
        var figures = new TestFigures([.. MeasuredFigure.All.Select(_ => (double?)3)]);
        var run = RecordedRun.Of(
            "/results",
            [RecordedRun.Test("Passes", RecordedRun.Attempt() with { Figures = figures }), RecordedRun.Test("Fails", RecordedRun.Attempt(TestOutcome.Failed))],
            RecordedRun.Batch(1));
        return run with
        {
            Database = new DatabaseRecord
            {
                Engine = "postgresql",
                TemplateHit = true,
                TemplateTime = TimeSpan.FromSeconds(1),
                CloneTimes = [TimeSpan.FromMilliseconds(4)],
                DropTimes = [TimeSpan.FromMilliseconds(2)],
                Statistics = [new DatabaseStatistics { Database = "ct_x", Worker = 0, Sessions = 3, Transactions = 5 }],
            },
        };
    }

    private static async Task<string> WrittenAsync(RunRecord record)
    {
        using var stream = new MemoryStream();
        await MetricsFile.WriteAsync(record, stream, CancellationToken);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static HttpListener Serve(int port, string text)
    {
        var listener = new HttpListener();
        listener.Prefixes.Add($"http://127.0.0.1:{port}/");
        listener.Start();
        _ = AnswerAsync(listener, Encoding.UTF8.GetBytes(text));
        return listener;
    }

    private static async Task AnswerAsync(HttpListener listener, byte[] text)
    {
        while (listener.IsListening)
        {
            try
            {
                var context = await listener.GetContextAsync();
                context.Response.ContentType = "text/plain; version=0.0.4";
                await context.Response.OutputStream.WriteAsync(text);
                context.Response.Close();
            }
            catch (Exception exception) when (exception is HttpListenerException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private Process Start(int port, int file, int live)
    {
        var settings = Path.Combine(_folder.FullName, "prometheus.yml");
        File.WriteAllText(
            settings,
            $"""
            global:
              scrape_interval: 200ms
              scrape_timeout: 200ms
            scrape_configs:
              - job_name: file
                static_configs: [{"{"} targets: ["127.0.0.1:{file}"] {"}"}]
              - job_name: live
                static_configs: [{"{"} targets: ["127.0.0.1:{live}"] {"}"}]
            """);
        return Process.Start(
            new ProcessStartInfo(
                "/usr/bin/prometheus",
                [$"--config.file={settings}", $"--storage.tsdb.path={_folder.FullName}/data", $"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]))!;
    }
}
