using System.Net;
using System.Net.Sockets;
using ConcurrentTesting.Reports.Prometheus;

namespace ConcurrentTesting.Reports.Export;

/// <summary>Answers Prometheus's scrapes while a run goes on, on this machine's loopback alone:
/// <c>http://127.0.0.1:PORT/metrics</c>.</summary>
internal sealed class MetricsListener : IAsyncDisposable
{
    // This is the content type of Prometheus's text format.
    private const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly HttpListener _listener;
    private readonly LiveTests _tests = new();
    private readonly ILogger _log;
    private readonly TaskCompletionSource _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _answering;
    private volatile Func<RunRecord>? _record;

    private MetricsListener(HttpListener listener, ILogger log)
    {
        _listener = listener;
        _log = log;
        _answering = Task.Run(AnswerAsync);
    }

    /// <summary>Hears of the tests as they run.</summary>
    public IRunObserver Observer => _tests;

    /// <summary>Begins to listen; null where no port is asked for.</summary>
    /// <exception cref="ConcurrentTestException">The port is in use, or may not be used.</exception>
    public static MetricsListener? Open(int? port, ILogger log)
    {
        if (port is not { } number)
            return null;
        var listener = Listening($"http://127.0.0.1:{number}/", out var reason)
            ?? throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-metrics-listen {number}: nothing can listen there ({reason}). Choose another port.");
        log.LogInformation("Metrics are at http://127.0.0.1:{Port}/metrics while the run goes on", number);
        return new MetricsListener(listener, log);
    }

    /// <summary>Takes the figures from this record from here on.</summary>
    /// <param name="record">The run as far as it has come.</param>
    public void Follow(Func<RunRecord> record) => _record = record;

    public async ValueTask DisposeAsync()
    {
        _closing.TrySetResult();
        _listener.Close();
        await _answering;
    }

    // Some ask for "localhost" by name; where that name cannot be bound, the address is enough.
    private static HttpListener? Listening(string address, out string reason)
    {
        reason = "";
        foreach (var prefixes in new[] { [address, address.Replace("127.0.0.1", "localhost", StringComparison.Ordinal)],
            new[] { address } })
        {
            var listener = new HttpListener();
            foreach (var prefix in prefixes)
                listener.Prefixes.Add(prefix);
            try
            {
                listener.Start();
                return listener;
            }
            catch (Exception exception) when (exception is HttpListenerException or SocketException)
            {
                reason = exception.Message;
                listener.Close();
            }
        }

        return null;
    }

    private async Task AnswerAsync()
    {
        while (_listener.IsListening && !_closing.Task.IsCompleted)
        {
            try
            {
                // A listener that is closed while somebody begins to wait for a scrape may leave them waiting for ever.
                var scrape = _listener.GetContextAsync();
                if (await Task.WhenAny(scrape, _closing.Task) == scrape)
                    await AnswerAsync(await scrape);
            }
            catch (Exception exception) when (exception is HttpListenerException
                or ObjectDisposedException or InvalidOperationException or IOException)
            {
                // The listener was closed, or a scraper went away.
                _log.LogDebug("A scrape was not answered: {Reason}", exception.Message);
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        var response = context.Response;
        if (context.Request.HttpMethod == "GET" && context.Request.Url?.AbsolutePath == "/metrics")
            await WriteAsync(response);
        else
            response.StatusCode = (int)HttpStatusCode.NotFound;

        // Disposing the response would abort the answer.
        response.Close();
    }

    private async Task WriteAsync(HttpListenerResponse response)
    {
        using var text = new MemoryStream();
        if (_record is { } record)
            await MetricsFile.WriteAsync(record(), _tests, text, CancellationToken.None);
        response.ContentType = ContentType;
        response.ContentLength64 = text.Length;
        text.Position = 0;
        await text.CopyToAsync(response.OutputStream);
    }
}
