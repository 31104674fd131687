using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using ConcurrentTesting.IntegrationTests.Samples;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.IntegrationTests.Measuring;

/// <summary>A real Prometheus that scrapes a real run.</summary>
public sealed class PrometheusTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_real_Prometheus_sees_the_results_grow_while_the_run_goes_on()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prometheus"), "prometheus is not installed: Debian's package of that name has it");
        var (metricsPort, prometheusPort) = (FreePort(), FreePort());
        var folder = Directory.CreateTempSubdirectory("prometheus-");
        using var prometheus = await StartAsync(folder.FullName, metricsPort, prometheusPort);
        try
        {
            using var run = SampleRun.Start(["XUnit2", "NUnit"], ["--workers", "2", "--test-filter", "FullyQualifiedName~Fines|FullyQualifiedName~Loans|FullyQualifiedName~Copies", "--test-benchmark", "--test-metrics-listen", metricsPort.ToString(CultureInfo.InvariantCulture)]);
            var outcome = await run.EndAsync(CancellationToken);
            outcome.ExitCode.ShouldBe(0, outcome.Output);

            outcome.Output.ShouldMatch(@"(?m)^  Phases     .*discovery .*tests .*reports ");
            outcome.Output.ShouldMatch(@"(?m)^  Work       tests .*test hosts .*clones .*worker starts .*idle ");
            outcome.Run.GetProperty("benchmark").GetProperty("mostQueries").GetArrayLength().ShouldBe(10);

            var passed = await SeriesAsync(prometheusPort, "concurrent_test_results_total{outcome=\"passed\"}");
            passed.Count.ShouldBeGreaterThan(2, outcome.Output);
            passed.ShouldBe(passed.Order());
            passed.Distinct().Count().ShouldBeGreaterThan(1);
            passed[^1].ShouldBeInRange(1, outcome.Tests.Count(test => test.Outcome == "Passed"));
            (await SeriesAsync(prometheusPort, "sum(concurrent_test_test_queries_total)")).Max().ShouldBeGreaterThan(0);
            (await SeriesAsync(prometheusPort, "concurrent_test_active_tests")).ShouldNotBeEmpty();
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync(CancellationToken);
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Process> StartAsync(string folder, int metricsPort, int port)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "prometheus.yml"), $"""
            global:
              scrape_interval: 200ms
              scrape_timeout: 200ms
            scrape_configs:
              - job_name: tests
                static_configs:
                  - targets: ["localhost:{metricsPort}"]
            """, CancellationToken);
        var process = Process.Start(new ProcessStartInfo(
            "/usr/bin/prometheus",
            [$"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address=127.0.0.1:{port}"])
        { RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        using var client = new HttpClient();
        for (var watch = Stopwatch.StartNew(); ;)
        {
            try
            {
                using var ready = await client.GetAsync($"http://127.0.0.1:{port}/-/ready", CancellationToken);
                if (ready.IsSuccessStatusCode)
                    return process;
            }
            catch (HttpRequestException) when (watch.Elapsed < Patience)
            {
                // It does not listen yet.
            }

            await Task.Delay(20, CancellationToken);
        }
    }

    /// <summary>The values of an expression over the last minutes, oldest first.</summary>
    private static async Task<List<double>> SeriesAsync(int port, string expression)
    {
        using var client = new HttpClient();
        var end = DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1;
        var url = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}/api/v1/query_range?query={Uri.EscapeDataString(expression)}&start={end - 240}&end={end}&step=200ms");
        var answer = JsonDocument.Parse(await client.GetStringAsync(url, CancellationToken)).RootElement.GetProperty("data").GetProperty("result");
        return [.. answer.EnumerateArray().SelectMany(series => series.GetProperty("values").EnumerateArray()).Select(value => double.Parse(value[1].GetString()!, CultureInfo.InvariantCulture))];
    }

    internal static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
