using System.Net.Http.Headers;
using ConcurrentTesting.Reports.Prometheus;

namespace ConcurrentTesting.Reports.Export;

/// <summary>Gives a finished run's figures to a Pushgateway. They replace those of the run before: the group is the address's own, or the
/// job <c>concurrent_test</c>, and never names the run. What goes wrong is a warning: it is no test's fault.</summary>
/// <remarks>https://github.com/prometheus/pushgateway#put-method</remarks>
internal static class MetricsPush
{
    private const string Groups = "/metrics/job";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(10);

    public static async Task PutAsync(RunRecord record, ILogger log, CancellationToken cancellationToken)
    {
        if (record.Settings.MetricsPushUrl is not { } url)
            return;
        var address = AddressOf(new Uri(url));
        try
        {
            using var text = new MemoryStream();
            await MetricsFile.WriteAsync(record, text, cancellationToken);
            using var client = new HttpClient { Timeout = Bound };
            using var request = new HttpRequestMessage(HttpMethod.Put, address) { Content = new ByteArrayContent(text.ToArray()) };
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("text/plain; version=0.0.4");
            request.Headers.Authorization = Authorization(new Uri(url));
            using var response = await client.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode)
            {
                log.LogDebug("Metrics were pushed to {Address}", address);
            }
            else
            {
                Warn(log, address,
                    $"it answered {(int)response.StatusCode} {response.ReasonPhrase}: {FirstLine.Of(await response.Content.ReadAsStringAsync(cancellationToken))}");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or TaskCanceledException)
        {
            Warn(log, address, exception is TaskCanceledException ? $"no answer in {Bound.TotalSeconds:0} s" : exception.Message);
        }
    }

    /// <summary>Where the figures go, without what is secret in the given address.</summary>
    public static Uri AddressOf(Uri given)
    {
        var path = given.AbsolutePath.TrimEnd('/');
        return new UriBuilder(given)
        {
            UserName = "",
            Password = "",
            Path = path.Contains(Groups, StringComparison.Ordinal) ? path : $"{path}{Groups}/concurrent_test",
        }.Uri;
    }

    private static AuthenticationHeaderValue? Authorization(Uri given) => given.UserInfo.Length == 0
        ? null
        : new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(given.UserInfo))));

    // The query, where there is one, may be a token.
    private static void Warn(ILogger log, Uri address, string reason) =>
        log.LogWarning(
            "Metrics were not pushed to {Address} (--test-metrics-push): {Reason}", address.GetLeftPart(UriPartial.Path), reason);
}
