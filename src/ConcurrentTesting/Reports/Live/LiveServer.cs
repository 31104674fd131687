using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using ConcurrentTesting.Reports.Html;
using ConcurrentTesting.Reports.Text;

namespace ConcurrentTesting.Reports.Live;

/// <summary>Shows a run in a browser while it goes on: <c>http://127.0.0.1:PORT/TOKEN/</c>, on this machine's loopback alone, to whoever
/// knows the token, as long as the run lives. The run never waits for it: each reader reads from <see cref="LiveFeed"/> at its own
/// pace.</summary>
internal sealed class LiveServer : IAsyncDisposable
{
    private const int MostConnections = 32;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(5);

    // A reader that takes nothing for this long is taken to be gone.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan PatienceAtEnd = TimeSpan.FromSeconds(3);

    private readonly TcpListener _listener;
    private readonly TimeProvider _time;
    private readonly LiveFeed _feed = new();
    private readonly LiveMessages _messages;
    private readonly HtmlTestDetails _details;
    private readonly byte[] _page;
    private readonly string[] _hosts;
    private readonly byte[] _token;
    private readonly CancellationTokenSource _closing = new();
    private readonly ConcurrentDictionary<Task, bool> _connections = [];

    // These connections hear the events. A browser has other connections too, some of which it never uses.
    private readonly ConcurrentDictionary<Task, bool> _watching = [];
    private readonly TaskCompletionSource<ReadOnlyMemory<byte>> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _listening;
    private volatile string? _report;

    private LiveServer(TcpListener listener, string rootDirectory, Redactor redactor, TimeProvider time)
    {
        var text = new ReportText(redactor);
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        _listener = listener;
        _time = time;
        _messages = new LiveMessages(_feed, time, text);
        _details = new HtmlTestDetails(rootDirectory, ImmutableDictionary<string, ImmutableArray<PastResult>>.Empty, text);
        _page = LivePage.Write(text);
        _hosts = [Invariant($"127.0.0.1:{port}"), Invariant($"localhost:{port}")];
        _token = Encoding.ASCII.GetBytes(token);
        Address = Invariant($"http://127.0.0.1:{port}/{token}/");
        _listening = Task.Run(ListenAsync);
    }

    /// <summary>The address with its token: who knows it sees the run.</summary>
    public string Address { get; }

    /// <summary>Hears of the run.</summary>
    public IRunObserver Observer => _feed;

    /// <summary>Begins to listen, and says where; null where nobody asked for it.</summary>
    /// <param name="logger">The console's own: the address does not belong into run.log, which is kept and shown to others.</param>
    /// <exception cref="ConcurrentTestException">The port is in use, or may not be used.</exception>
    public static LiveServer? Open(ConcurrentTestSettings settings, Redactor redactor, TimeProvider time, ILogger logger)
    {
        if (settings.LivePort is not { } port || settings.List)
            return null;
        var listener = new TcpListener(IPAddress.Loopback, port) { ExclusiveAddressUse = true };
        try
        {
            listener.Start();
        }
        catch (SocketException exception)
        {
            listener.Dispose();
            throw new ConcurrentTestException(
                ConcurrentTestExitCode.BadSettings,
                $"--test-live {port}: nothing can listen there ({exception.Message}). Choose another port, or auto.");
        }

        var server = new LiveServer(listener, settings.RootDirectory, redactor, time);
        logger.LogInformation("The run can be watched at {Address} while it goes on", server.Address);
        return server;
    }

    /// <summary>Tells who watches that the run is over, and waits until they have what they need: at most a few seconds.</summary>
    /// <param name="report">The report's file; null: none was written.</param>
    public async Task EndAsync(RunRecord record, string? report)
    {
        _report = report;
        _end.TrySetResult(_messages.End(record, report is not null));
        await Task.WhenAny(Task.WhenAll(_watching.Keys), Task.Delay(PatienceAtEnd, _time));
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        _listener.Dispose();
        await _listening;
        await Task.WhenAll(_connections.Keys);
        _closing.Dispose();
    }

    private async Task ListenAsync()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                Take(await _listener.AcceptSocketAsync(_closing.Token));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                // The listener is closed.
            }
            catch (SocketException)
            {
                // The browser went away before it was heard, or the process is out of file descriptors for a while.
                await Task.Delay(10, CancellationToken.None);
            }
        }
    }

    private void Take(Socket socket)
    {
        if (_connections.Count >= MostConnections)
        {
            socket.Dispose();
            return;
        }

        _ = During(_connections, () => Task.Run(async () =>
        {
            try
            {
                await using var stream = new NetworkStream(socket, ownsSocket: true);
                await AnswerAsync(stream);
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
            {
                // The browser went away, or took too long.
            }
        }));
    }

    /// <summary>Keeps something in a list from before its begin until after its end.</summary>
    private static async Task During(ConcurrentDictionary<Task, bool> list, Func<Task> act)
    {
        var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        list.TryAdd(end.Task, true);
        try
        {
            await act();
        }
        finally
        {
            list.TryRemove(end.Task, out _);
            end.SetResult();
        }
    }

    private async Task AnswerAsync(Stream stream)
    {
        using var patience = Patient();
        var request = await LoopbackRequest.ReadAsync(stream, patience.Token);
        var status = StatusOf(request);
        if (status != "200 OK")
        {
            await WriteAsync(stream, status, "text/plain; charset=utf-8", Encoding.ASCII.GetBytes(status));
            return;
        }

        await (request!.Path[(_token.Length + 2)..] switch
        {
            "" => WriteAsync(stream, status, "text/html; charset=utf-8", _page),
            "events" => During(_watching, () => SendEventsAsync(stream)),
            "test" when DetailsOf(request) is { } details => WriteAsync(stream, status, "application/json", details),
            ArtifactNames.Report when _report is { } file => SendFileAsync(stream, file),
            _ => WriteAsync(stream, "404 Not Found", "text/plain; charset=utf-8", "404 Not Found"u8.ToArray()),
        });
    }

    // A page of another site may have a name that points to this machine: requests under such a name are not answered.
    private string StatusOf(LoopbackRequest? request) => request switch
    {
        null => "400 Bad Request",
        _ when !_hosts.Contains(request.Host, StringComparer.OrdinalIgnoreCase) => "421 Misdirected Request",
        { Method: not "GET" } => "405 Method Not Allowed",
        _ when !HasToken(request.Path) => "404 Not Found",
        _ => "200 OK",
    };

    private bool HasToken(string path) =>
        path.Split('/', 3) is ["", var token, _] && CryptographicOperations.FixedTimeEquals(Encoding.Latin1.GetBytes(token), _token);

    private byte[]? DetailsOf(LoopbackRequest request) =>
        request.Query.StartsWith("number=", StringComparison.Ordinal)
            && int.TryParse(request.Query["number=".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && _feed.Row(number) is { } row
            ? _details.Of(row.Test)
            : null;

    private async Task SendEventsAsync(Stream stream)
    {
        await SendAsync(stream, Head("200 OK", "text/event-stream", null));
        var cursor = new LiveCursor();
        var sentAt = _time.GetTimestamp();
        while (true)
        {
            // The end is looked at before the news, so that no news from before the end is left out.
            var isOver = _end.Task.IsCompleted;
            if (isOver || _feed.HasNews(cursor) || _time.GetElapsedTime(sentAt) > HeartbeatInterval)
            {
                foreach (var message in _messages.Since(cursor))
                    await SendAsync(stream, Event("change", message));
                sentAt = _time.GetTimestamp();
            }

            if (isOver)
                break;
            await Task.WhenAny(Task.Delay(Interval, _time, _closing.Token), _end.Task);
            _closing.Token.ThrowIfCancellationRequested();
        }

        await SendAsync(stream, Event("end", await _end.Task));
        // The page stays until it has the report; then it closes the connection.
        using var patience = Patient();
        _ = await stream.ReadAsync(new byte[1], patience.Token);
    }

    private async Task SendFileAsync(Stream stream, string file)
    {
        await using var report = new FileStream(
            file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 1, FileOptions.Asynchronous);
        await SendAsync(stream, Head("200 OK", "text/html; charset=utf-8", report.Length));
        var buffer = new byte[64 * 1024];
        for (int read; (read = await report.ReadAsync(buffer, _closing.Token)) > 0;)
            await SendAsync(stream, buffer.AsMemory(0, read));
    }

    private async Task WriteAsync(Stream stream, string status, string contentType, byte[] body)
    {
        await SendAsync(stream, Head(status, contentType, body.Length));
        await SendAsync(stream, body);
    }

    private async Task SendAsync(Stream stream, ReadOnlyMemory<byte> bytes)
    {
        using var patience = Patient();
        await stream.WriteAsync(bytes, patience.Token);
    }

    private CancellationTokenSource Patient()
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(_closing.Token);
        patience.CancelAfter(Patience);
        return patience;
    }

    private static ReadOnlyMemory<byte> Event(string name, ReadOnlyMemory<byte> data) =>
        (byte[])[.. Encoding.ASCII.GetBytes($"event: {name}\ndata: "), .. data.Span, .. "\n\n"u8];

    private static byte[] Head(string status, string contentType, long? length) => Encoding.ASCII.GetBytes(string.Join(
        "\r\n",
        $"HTTP/1.1 {status}",
        $"Content-Type: {contentType}",
        length is { } known ? Invariant($"Content-Length: {known}") : "X-Accel-Buffering: no",
        "Connection: close",
        "Cache-Control: no-store",
        "Content-Security-Policy: frame-ancestors 'none'",
        "Cross-Origin-Resource-Policy: same-origin",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "\r\n"));

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
