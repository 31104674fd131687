using System.Net.Sockets;
using System.Xml.Linq;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Hook;
using ConcurrentTesting.Record;
using ConcurrentTesting.TestHook.Wire;
using ConcurrentTesting.VsTest;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;

namespace ConcurrentTesting.Tests.Hook;

/// <summary>The engine's end against a test process that is played by a socket of this one.</summary>
public sealed class TestHookServerTests : IAsyncDisposable
{
    private const string HooksVariable = "DOTNET_STARTUP_HOOKS";
    private const int ProcessId = 4711;

    private readonly TestHookServer _server = TestHookServer.Open("run", measure: true, NullLogger.Instance);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("/their/hook.dll", null, "/their/hook.dll")]
    [InlineData("/their/hook.dll", "/process/hook.dll", "/their/hook.dll")]
    [InlineData(null, "/process/hook.dll", "/process/hook.dll")]
    [InlineData(null, null, "")]
    public void The_hook_is_loaded_after_the_users_own_from_run_settings_or_environment(string? ofSettings, string? ofProcess, string first)
    {
        var settings = ofSettings is null
            ? new XElement("RunSettings")
            : XElement.Parse($"<RunSettings><RunConfiguration><EnvironmentVariables><{HooksVariable}>{ofSettings}</{HooksVariable}><A>1</A></EnvironmentVariables></RunConfiguration></RunSettings>");

        _server.Configure(settings, worker: 3, batch: 7, Assembly(TestFramework.XUnit3), name => name == HooksVariable ? ofProcess : null);

        var hooks = Variable(settings, HooksVariable)!.Split(Path.PathSeparator);
        string.Join(Path.PathSeparator, hooks[..^1]).ShouldBe(first);
        File.Exists(hooks[^1]).ShouldBeTrue();
        var address = HookAddress.Parse(Variable(settings, HookAddress.Variable)).ShouldNotBeNull();
        (address.Worker, address.Batch, address.Measure, address.HasChild, address.OtherHooks).ShouldBe((3, 7, true, true, first));
    }

    [Theory]
    [InlineData("net6.0")]
    [InlineData("net7.0")]
    [InlineData("net472")]
    [InlineData("netcoreapp3.1")]
    public async Task Frameworks_below_8_are_left_alone(string framework)
    {
        var assembly = Assembly(TestFramework.NUnit) with { TargetFramework = framework };
        var settings = new XElement("RunSettings");

        _server.Configure(settings, 0, 1, assembly);
        var figures = await _server.CollectAsync(1, CancellationToken);

        settings.HasElements.ShouldBeFalse();
        figures.NotMeasured.ShouldHaveSingleItem().ShouldContain(".NET 8");
    }

    [Fact]
    public void A_users_own_collector_stays()
    {
        var settings = XElement.Parse("<RunSettings><InProcDataCollectionRunSettings><InProcDataCollectors><InProcDataCollector uri='theirs' /></InProcDataCollectors></InProcDataCollectionRunSettings></RunSettings>");

        _server.Configure(settings, 0, 1, Assembly(TestFramework.MSTest));

        settings.Descendants("InProcDataCollector").Select(collector => (string?)collector.Attribute("uri")).ShouldBe(["theirs", "datacollector://ConcurrentTesting/TestHook/1"]);
    }

    [Fact]
    public async Task A_process_is_known_from_its_greeting_to_its_end()
    {
        using var process = Greet(batch: 5);
        await WelcomeAsync(process);

        _server.ProcessIds(5).ShouldHaveSingleItem().ShouldBe(new HookedProcess(ProcessId, HookedProcessRole.TestProcess, IsAlive: true, EndedByItself: false));

        process.Dispose();
        await Eventually.HoldsAsync(() => !_server.ProcessIds(5).Single().IsAlive);
        _server.ProcessIds(5).Single().EndedByItself.ShouldBeFalse();
    }

    [Fact]
    public async Task Closing_lets_the_processes_go()
    {
        using var process = Greet(batch: 1);
        await WelcomeAsync(process);

        await _server.DisposeAsync();

        var last = new byte[8];
        (await process.ReceiveAsync(last, CancellationToken)).ShouldBe(1);
        last[0].ShouldBe((byte)EngineMessage.Goodbye);
        (await process.ReceiveAsync(last, CancellationToken)).ShouldBe(0);
    }

    [Fact]
    public async Task Figures_said_before_the_end_are_collected_after_it()
    {
        var id = Guid.NewGuid();

        var figures = await CollectOfDeadAsync(written: null, Test(id, "Shop.Tests.Buys", reads: 3));

        figures.Find(Entry(id), "Buys", 0, 0).ShouldNotBeNull().Reads.ShouldBe(3);
        figures.NotMeasured.ShouldBeEmpty();
        figures.Total.Reads.ShouldBe(3);
    }

    [Fact]
    public async Task A_later_word_on_a_test_replaces_the_earlier()
    {
        var id = Guid.NewGuid();

        var figures = await CollectOfDeadAsync(written: null, Test(id, "Buys", reads: 3), Test(id, "Buys", reads: 4));

        var told = figures.Tests.ShouldHaveSingleItem().Figures;
        told.Reads.ShouldBe(4);
        told.Repeated.ShouldBe([new RepeatedQuery(7, "SELECT ?")]);
        told.Slowest.ShouldBe([new SlowStatement(0.0125, "DELETE FROM note")]);
    }

    [Fact]
    public async Task Figures_written_by_a_process_that_died_are_collected()
    {
        var id = Guid.NewGuid();

        var figures = await CollectOfDeadAsync([.. Test(id, "Buys", reads: 3), .. Test(id, "Buys", reads: 4)]);

        figures.Tests.ShouldHaveSingleItem().Figures.Reads.ShouldBe(4);
        figures.NotMeasured.ShouldBeEmpty();
        File.Exists(FiguresOf(2)).ShouldBeFalse("the file of a collected process is of no more use");
    }

    [Fact]
    public async Task Figures_written_by_a_process_that_does_not_answer_are_collected()
    {
        var id = Guid.NewGuid();
        using var process = Greet(batch: 2);
        await WelcomeAsync(process);
        Write(2, Test(id, "Buys", reads: 3));

        var figures = await _server.CollectAsync(2, CancellationToken);

        figures.Tests.ShouldHaveSingleItem().Figures.Reads.ShouldBe(3);
    }

    [Fact]
    public async Task Of_a_message_that_was_written_in_part_nothing_is_taken_and_nothing_is_said()
    {
        var figures = await CollectOfDeadAsync([.. Test(Guid.NewGuid(), "Buys", reads: 3), .. Test(Guid.NewGuid(), "Sells", reads: 4)[..^1]]);

        figures.Tests.ShouldHaveSingleItem().DisplayName.ShouldBe("Buys");
        figures.NotMeasured.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_is_said_after_the_file_had_to_be_given_up_counts_more_than_what_is_in_it()
    {
        var id = Guid.NewGuid();

        var figures = await CollectOfDeadAsync(Test(id, "Buys", reads: 3), Test(id, "Buys", reads: 4));

        figures.Tests.ShouldHaveSingleItem().Figures.Reads.ShouldBe(4);
    }

    [Fact]
    public async Task State_that_is_said_after_the_file_had_to_be_given_up_is_the_last_word()
    {
        var figures = await CollectOfDeadAsync([.. Test(Guid.NewGuid(), "Buys", reads: 3), .. Outside(fixtures: 10)], Outside(fixtures: 17), Test(Guid.NewGuid(), "Sells", reads: 4, order: 1));

        figures.Outside.Fixtures.Reads.ShouldBe(17);
        figures.Tests.Length.ShouldBe(2);
    }

    [Fact]
    public async Task A_file_with_nonsense_is_said_to_be_unreadable_after_what_was_good_in_it()
    {
        var figures = await CollectOfDeadAsync([.. Test(Guid.NewGuid(), "Buys", reads: 3), 0xFF, 0xFF, 0xFF, 0xFF, 1]);

        figures.Tests.ShouldHaveSingleItem().DisplayName.ShouldBe("Buys");
        figures.NotMeasured.ShouldHaveSingleItem().ShouldContain("cannot be read");
    }

    [Fact]
    public async Task A_process_that_says_nonsense_is_let_go_and_said_to_be_unmeasured()
    {
        using var process = Greet(batch: 2);
        await WelcomeAsync(process);
        process.Send([1, 0, 0, 0, 99]);

        var answer = new byte[8];
        (await process.ReceiveAsync(answer, CancellationToken)).ShouldBe(1);
        answer[0].ShouldBe((byte)EngineMessage.Goodbye);
        (await _server.CollectAsync(2, CancellationToken)).NotMeasured.ShouldHaveSingleItem().ShouldContain("cannot be read");
    }

    [Fact]
    public async Task A_batch_whose_process_never_greeted_says_so()
    {
        _server.Configure(new XElement("RunSettings"), 0, 9, Assembly(TestFramework.NUnit));

        var figures = await _server.CollectAsync(9, CancellationToken);

        figures.NotMeasured.ShouldHaveSingleItem().ShouldContain("did not load the hook");
    }

    [Fact]
    public async Task Host_that_goes_on_is_measured_for_each_batch_alone()
    {
        using var host = Greet(batch: 2, HookedProcessRole.TestHost);
        await WelcomeAsync(host);
        host.Send(Test(Guid.NewGuid(), "Buys", reads: 3));
        host.Send(Outside(fixtures: 10));
        await Eventually.HoldsAsync(() => _server.ProcessIds(2).Length == 1);
        await _server.CollectAsync(2, CancellationToken);

        AddressOf(batch: 3);
        _server.Continue(ProcessId, batch: 3);
        host.Send(Test(Guid.NewGuid(), "Buys", reads: 4));
        host.Send(Test(Guid.NewGuid(), "Sells", reads: 5, order: 1));
        host.Send(Outside(fixtures: 17));
        host.Dispose();
        var figures = await _server.CollectAsync(3, CancellationToken);

        figures.Tests.ShouldHaveSingleItem().DisplayName.ShouldBe("Sells", "what is told late of a test of the last batch is not this one's");
        figures.Outside.Fixtures.Reads.ShouldBe(7);
        figures.Total.Reads.ShouldBe(12);
        _server.ProcessIds(2).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Host_that_was_started_ahead_is_measured_for_its_first_batch_whenever_its_greeting_is_read(bool isReadBefore)
    {
        AddressOf(batch: 3);
        if (!isReadBefore)
            _server.Continue(ProcessId, batch: 3);
        using var host = Greet(HookAddress.NotYet, HookedProcessRole.TestHost);
        await WelcomeAsync(host);
        await Eventually.HoldsAsync(() => _server.ProcessIds(isReadBefore ? HookAddress.NotYet : 3).Length == 1);

        if (isReadBefore)
            _server.Continue(ProcessId, batch: 3);
        host.Send(Test(Guid.NewGuid(), "Buys", reads: 4));
        host.Dispose();
        var figures = await _server.CollectAsync(3, CancellationToken);

        figures.Tests.ShouldHaveSingleItem().DisplayName.ShouldBe("Buys");
        figures.NotMeasured.ShouldBeEmpty();
        _server.ProcessIds(HookAddress.NotYet).ShouldBeEmpty();
    }

    [Fact]
    public async Task Warm_host_is_known_after_its_end_until_it_is_released()
    {
        using var host = Greet(batch: 2, HookedProcessRole.TestHost);
        await WelcomeAsync(host);
        var exited = new TaskCompletionSource<ProcessExit>();
        _server.Remember(ProcessId, exited.Task);
        await _server.CollectAsync(2, CancellationToken);

        host.Dispose();
        exited.SetResult(new ProcessExit(true, 11));
        var ends = await _server.EndsAsync(2, TimeSpan.FromSeconds(30), CancellationToken);

        ends.ShouldHaveSingleItem().Exit.ShouldBe(new ProcessExit(true, 11));
        _server.Release(ProcessId);
        await Eventually.HoldsAsync(() => _server.ProcessIds(2).IsEmpty);
    }

    [Fact]
    public void Numbers_and_texts_survive_the_wire()
    {
        var writer = new WireWriter();
        long?[] numbers = [0, 1, 127, 128, 16_383, 16_384, long.MaxValue - 1, null];
        var text = new string('ä', 300);
        writer.Begin(HookMessage.Trouble);
        foreach (var number in numbers)
            writer.OptionalNumber(number);
        writer.Text(text).Text("").End();

        var reader = new WireReader(writer.Written[5..]);

        foreach (var number in numbers)
            reader.OptionalNumber().ShouldBe(number);
        reader.Text().ShouldBe(text);
        reader.Text().ShouldBe("");
    }

    private static string? Variable(XElement settings, string name) => (string?)settings.Element("RunConfiguration")?.Element("EnvironmentVariables")?.Element(name);

    private static TestAssembly Assembly(TestFramework framework) => new("/shop/Shop.Tests.dll", "net10.0", framework, null);

    private static TestEntry Entry(Guid id) => new()
    {
        Assembly = Assembly(TestFramework.NUnit),
        Id = id,
        Payload = new NoPayload(),
        DisplayName = "Shop.Tests.Buys",
        FullyQualifiedName = "Shop.Tests.Buys",
        ClassName = "Shop.Tests",
        MethodName = "Buys",
    };

    private static async Task WelcomeAsync(Socket process)
    {
        var answer = new byte[8];
        (await process.ReceiveAsync(answer, CancellationToken)).ShouldBe(1);
        answer[0].ShouldBe((byte)EngineMessage.Welcome);
    }

    private static byte[] Outside(long fixtures)
    {
        var writer = new WireWriter().Begin(HookMessage.Outside);
        long?[] figures = [fixtures, fixtures, fixtures, 0, 0, 1_000, null, null, 1, 0, 100, 200];
        foreach (var figure in figures.Concat(new long?[figures.Length]))
            writer.OptionalNumber(figure);
        writer.Number(0).End();
        return writer.Written.ToArray();
    }

    private static byte[] Test(Guid caseId, string name, long reads, int order = 0)
    {
        var writer = new WireWriter().Begin(HookMessage.Test).Number(order).Id(caseId).Text("").Text("").Text(name).Number(0).Number(0);
        long?[] figures = [reads, reads, reads, 0, 0, 1_000, null, null, 1, 0, 100, 200];
        foreach (var figure in figures)
            writer.OptionalNumber(figure);
        writer.Number(1).Number(7).Text("SELECT ?");
        writer.Number(1).Number(12_500).Text("DELETE FROM note");
        writer.End();
        return writer.Written.ToArray();
    }

    private HookAddress AddressOf(int batch)
    {
        var settings = new XElement("RunSettings");
        _server.Configure(settings, 0, batch, Assembly(TestFramework.NUnit));
        return HookAddress.Parse(Variable(settings, HookAddress.Variable)).ShouldNotBeNull();
    }

    private string FiguresOf(int batch) => AddressOf(batch).FiguresOf(ProcessId);

    private void Write(int batch, byte[] messages) => File.WriteAllBytes(FiguresOf(batch), messages);

    // Of a process in batch 2 that has died.
    private async Task<BatchFigures> CollectOfDeadAsync(byte[]? written, params byte[][] said)
    {
        using var process = Greet(batch: 2);
        await WelcomeAsync(process);
        if (written is not null)
            Write(2, written);
        foreach (var message in said)
            process.Send(message);
        process.Dispose();
        return await _server.CollectAsync(2, CancellationToken);
    }

    private Socket Greet(int batch, HookedProcessRole role = HookedProcessRole.TestProcess)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(AddressOf(batch).Socket));
        var writer = new WireWriter();
        writer.Begin(HookMessage.Hello).Number(WireWriter.Version).Number(ProcessId).Number(0).Number(batch).Number((byte)role).Text(".NET 10").End();
        socket.Send(writer.Written);
        return socket;
    }
}
