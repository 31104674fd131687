using System.Net;
using System.Net.Sockets;
using System.Text;
using ConcurrentTesting.Record;
using ConcurrentTesting.Reports.Live;
using ConcurrentTesting.Safety;
using ConcurrentTesting.Tests.Databases;
using ConcurrentTesting.Tests.Reports.Export;
using Microsoft.Extensions.Time.Testing;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Reports.Live;

public sealed class LiveServerTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly LogLines _log = new();
    private readonly HttpClient _client = new();
    private readonly ConcurrentTestSettings _settings;
    private readonly LiveServer _server;
    private readonly RunRecorder _recorder;

    public LiveServerTests()
    {
        _settings = new ConcurrentTestSettings { LivePort = 0, Workers = 2, RootDirectory = "/repo", ResultsDirectory = _folder.Path };
        _server = LiveServer.Open(_settings, new Redactor(), TimeProvider.System, _log)!;
        _recorder = new RunRecorder(TimeProvider.System, _server.Observer, Quarantine.None);
        Begin(_recorder);
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    private int Port => new Uri(_server.Address).Port;

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public void Its_address_is_on_the_loopback_and_cannot_be_guessed()
    {
        _server.Address.ShouldMatch("^http://127[.]0[.]0[.]1:[0-9]+/[0-9a-f]{32}/$");
        _log.Text.ShouldContain(_server.Address);
    }

    [Theory]
    [InlineData("GET {token} HTTP/1.1\r\nHost: {host}", "200")]
    [InlineData("GET {token} HTTP/1.1\r\nHost: localhost:{port}", "200")]
    [InlineData("GET {token} HTTP/1.1\r\nHost: evil.example", "421")]
    [InlineData("GET {token} HTTP/1.1\r\nHost: 127.0.0.1", "421")]
    [InlineData("GET {token} HTTP/1.1\r\nHost: {host}\r\nHost: evil.example", "421")]
    [InlineData("GET {token} HTTP/1.1\r\nAccept: text/html", "421")]
    [InlineData("GET / HTTP/1.1\r\nHost: {host}", "404")]
    [InlineData("GET /00000000000000000000000000000000/ HTTP/1.1\r\nHost: {host}", "404")]
    [InlineData("GET /00000000000000000000000000000000/events HTTP/1.1\r\nHost: {host}", "404")]
    [InlineData("GET {token}report.html HTTP/1.1\r\nHost: {host}", "404")]
    [InlineData("GET {token}../run.json HTTP/1.1\r\nHost: {host}", "404")]
    [InlineData("GET {token}test?number=99 HTTP/1.1\r\nHost: {host}", "404")]
    [InlineData("POST {token} HTTP/1.1\r\nHost: {host}", "405")]
    [InlineData("nonsense", "400")]
    public async Task It_answers_who_knows_the_token_and_asks_for_it_by_its_own_name(string request, string status)
    {
        var answer = await RawAsync(request.Replace("{token}", new Uri(_server.Address).AbsolutePath, StringComparison.Ordinal)
            .Replace("{host}", $"127.0.0.1:{Port}", StringComparison.Ordinal).Replace("{port}", $"{Port}", StringComparison.Ordinal));

        answer.ShouldStartWith($"HTTP/1.1 {status} ");
        answer.ShouldContain("X-Content-Type-Options: nosniff");
        answer.ShouldContain("Referrer-Policy: no-referrer");
    }

    [Fact]
    public async Task The_page_may_reach_where_it_came_from_and_nothing_else()
    {
        var page = await _client.GetStringAsync(_server.Address, CancellationToken);

        page.ShouldContain("default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'sha256-");
        page.ShouldNotContain("http:");
        page.ShouldNotContain(" src=");
    }

    [Fact]
    public async Task A_reader_hears_what_was_and_what_comes_and_gets_the_report_at_the_end()
    {
        Pass("Before");
        using var reader = new StreamReader(await _client.GetStreamAsync($"{_server.Address}events", CancellationToken));
        var first = await EventAsync(reader);

        Pass("After");
        var second = await EventAsync(reader);
        await File.WriteAllTextAsync(_folder.File("report.html"), "<h1>done</h1>", CancellationToken);
        var ending = _server.EndAsync(RecordedRun.Of(_folder.Path, []), _folder.File("report.html"));
        (await EventAsync(reader)).ShouldContain("\"rows\":[]");
        var end = await EventAsync(reader);
        var report = await _client.GetStringAsync($"{_server.Address}report.html", CancellationToken);
        ending.IsCompleted.ShouldBeFalse("the reader has not closed yet");
        reader.Dispose();
        await ending;

        first.ShouldContain("\"Before\"");
        second.ShouldContain("\"After\"");
        second.ShouldNotContain("\"Before\"");
        end.ShouldContain("\"report\":true");
        end.ShouldContain("\"reason\":\"all of it ran\"");
        report.ShouldBe("<h1>done</h1>");
    }

    [Fact]
    public async Task What_a_test_said_is_there_while_the_run_goes_on()
    {
        _recorder.Add(
            Catalogs.Entry(Catalogs.Assembly(), "Shop.Tests.BasketTests", "Fails"), "Fails", 0,
            RecordedRun.Attempt(TestOutcome.Failed) with { Message = "expected 1", StandardOutput = "said before" }, []);

        var details = await _client.GetStringAsync($"{_server.Address}test?number=0", CancellationToken);

        details.ShouldContain("\"message\":\"expected 1\"");
        details.ShouldContain("\"output\":\"said before\"");
    }

    [Fact]
    public async Task A_reader_that_takes_nothing_holds_up_nobody()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(IPAddress.Loopback, Port, CancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {new Uri(_server.Address).AbsolutePath}events HTTP/1.1\r\nHost: 127.0.0.1:{Port}\r\n\r\n"), CancellationToken);

        // More than any buffer between the two holds.
        var name = new string('x', 2000);
        for (var number = 0; number < 20_000; number++)
            Pass($"{name}{number}");
        using var reader = new StreamReader(await _client.GetStreamAsync($"{_server.Address}events", CancellationToken));
        var first = await EventAsync(reader);

        first.ShouldContain("\"whole\":true");
    }

    [Fact]
    public async Task The_end_waits_for_no_reader_for_long()
    {
        var time = new FakeTimeProvider();
        await using var server = LiveServer.Open(_settings, new Redactor(), time, _log)!;
        Begin(new RunRecorder(time, server.Observer, Quarantine.None));
        using var reader = new StreamReader(await _client.GetStreamAsync($"{server.Address}events", CancellationToken));
        await EventAsync(reader);

        var ending = server.EndAsync(RecordedRun.Of(_folder.Path, []), null);
        (await EventAsync(reader)).ShouldContain("\"rows\":[]");
        (await EventAsync(reader)).ShouldContain("\"report\":false");
        ending.IsCompleted.ShouldBeFalse();
        time.Advance(TimeSpan.FromSeconds(3));

        await ending;
    }

    [Fact]
    public async Task The_end_does_not_wait_where_nobody_watches()
    {
        (await _client.GetAsync(_server.Address, CancellationToken)).Dispose();

        _server.EndAsync(RecordedRun.Of(_folder.Path, []), null).IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public void A_port_in_use_ends_the_run_before_it_begins()
    {
        var exception = Should.Throw<ConcurrentTestException>(
            () => LiveServer.Open(_settings with { LivePort = Port }, new Redactor(), TimeProvider.System, _log));

        exception.ExitCode.ShouldBe(ConcurrentTestExitCode.BadSettings);
        exception.Message.ShouldStartWith($"--test-live {Port}: nothing can listen there");
    }

    [Fact]
    public async Task Nobody_who_did_not_ask_for_it_has_it()
    {
        LiveServer.Open(_settings with { LivePort = null }, new Redactor(), TimeProvider.System, _log).ShouldBeNull();
        LiveServer.Open(_settings with { List = true }, new Redactor(), TimeProvider.System, _log).ShouldBeNull();
        var port = MetricsPushTests.FreePort();
        await using var chosen = LiveServer.Open(_settings with { LivePort = port }, new Redactor(), TimeProvider.System, _log);
        chosen!.Address.ShouldStartWith($"http://127.0.0.1:{port}/");
    }

    private static void Begin(RunRecorder recorder) => recorder.Add(new RunStarted
    {
        At = recorder.Now,
        Run = "r1",
        Machine = "build-1",
        Seed = 7,
        Settings = new ConcurrentTestSettings { Workers = 2, RootDirectory = "/repo", ResultsDirectory = "/repo/results" },
    });

    private void Pass(string name) =>
        _recorder.Add(Catalogs.Entry(Catalogs.Assembly(), "Shop.Tests.BasketTests", name), name, 0, RecordedRun.Attempt(), []);

    private static async Task<string> EventAsync(StreamReader reader)
    {
        var text = new StringBuilder();
        while (await reader.ReadLineAsync(CancellationToken) is { Length: > 0 } line)
            text.Append(line).Append('\n');
        return text.ToString();
    }

    private async Task<string> RawAsync(string head)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port, CancellationToken);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{head}\r\n\r\n"), CancellationToken);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(CancellationToken);
    }
}
