extern alias hook;

using System.Xml.Linq;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Hook;
using ConcurrentTesting.TestHook.Wire;
using hook::ConcurrentTesting.TestHook;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;
using SaidMessage = hook::ConcurrentTesting.TestHook.Wire.HookMessage;

namespace ConcurrentTesting.Tests.Hook;

/// <summary>The hook's end of the figures against the engine's.</summary>
public sealed class FigureLogTests : IAsyncDisposable
{
    private const int Batch = 6;
    private const string Folderless = "no such folder";

    private readonly TestHookServer _server = TestHookServer.Open("run", measure: true, NullLogger.Instance);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData(Folderless)]
    public async Task Figures_arrive_whether_there_can_be_a_file_or_not(string below)
    {
        var address = Address();
        var file = address.FiguresOf(Environment.ProcessId);
        var connection = Greet(address);
        var log = new FigureLog(connection, Path.Combine(Path.GetDirectoryName(file)!, below, Path.GetFileName(file)));

        for (var order = 0; order < 3; order++)
            AddTest(log, order);
        File.Exists(file).ShouldBe(below != Folderless);
        connection.End(0, static (writer, _) => writer.Begin(SaidMessage.Bye).End());
        await Eventually.HoldsAsync(() => _server.ProcessIds(Batch) is [{ EndedByItself: true }]);
        var figures = await _server.CollectAsync(Batch, CancellationToken);

        figures.Tests.Select(test => test.DisplayName).ShouldBe(["Test 0", "Test 1", "Test 2"]);
        figures.NotMeasured.ShouldBeEmpty();
    }

    [Fact]
    public async Task Figures_of_any_number_of_tests_arrive()
    {
        const int Many = 5_000;
        var address = Address();
        var log = new FigureLog(Greet(address), address.FiguresOf(Environment.ProcessId));

        for (var order = 0; order < Many; order++)
            AddTest(log, order);
        var figures = await _server.CollectAsync(Batch, CancellationToken);

        figures.Tests.Select(test => test.DisplayName).ShouldBe(Enumerable.Range(0, Many).Select(order => $"Test {order}"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(Folderless)]
    public async Task Of_what_was_done_outside_tests_the_last_word_counts_and_takes_the_room_of_one(string below)
    {
        var address = Address();
        var file = address.FiguresOf(Environment.ProcessId);
        var log = new FigureLog(Greet(address), Path.Combine(Path.GetDirectoryName(file)!, below, Path.GetFileName(file)));

        for (var reads = 0; reads < 20_000; reads++)
            AddOutside(log, reads);
        AddTest(log, 0);
        AddOutside(log, 20_000);
        AddOutside(log, 5);
        var figures = await _server.CollectAsync(Batch, CancellationToken);

        figures.Outside.Fixtures.Reads.ShouldBe(5);
        figures.Tests.Length.ShouldBe(1);
        figures.NotMeasured.ShouldBeEmpty();
        if (File.Exists(file))
            new FileInfo(file).Length.ShouldBeLessThan(100_000);
    }

    [Fact]
    public async Task A_file_that_was_there_before_is_not_touched()
    {
        var address = Address();
        var file = address.FiguresOf(Environment.ProcessId);
        await File.WriteAllTextAsync(file, "", CancellationToken);
        var log = new FigureLog(Greet(address), file);

        AddTest(log, 0);
        var figures = await _server.CollectAsync(Batch, CancellationToken);

        new FileInfo(file).Length.ShouldBe(0);
        figures.Tests.ShouldHaveSingleItem().DisplayName.ShouldBe("Test 0");
    }

    private HookAddress Address()
    {
        var settings = new XElement("RunSettings");
        _server.Configure(settings, 0, Batch, new TestAssembly("/shop/Shop.Tests.dll", "net10.0", TestFramework.NUnit, null));
        return HookAddress.Parse((string?)settings.Descendants(HookAddress.Variable).Single()).ShouldNotBeNull();
    }

    private static EngineConnection Greet(HookAddress address)
    {
        var connection = EngineConnection.Open(address.Socket);
        connection.FlushAsked += () => connection.SendAll(0, static (writer, _) => writer.Begin(SaidMessage.Flushed).End());
        connection.Watch();
        connection.Send(address, static (writer, said) => writer.Begin(SaidMessage.Hello)
            .Number(WireWriter.Version).Number(Environment.ProcessId).Number(0).Number(said.Batch).Number((byte)HookedProcessRole.TestHost).Text(".NET 10").End());
        connection.AwaitWelcome();
        return connection;
    }

    private static void AddTest(FigureLog log, int order)
    {
        var writer = log.Messages;
        writer.Begin(SaidMessage.Test).Number(order).Id(Guid.NewGuid()).Text("").Text("Shop").Text($"Test {order}").Number(0).Number(0);
        for (var figure = 0; figure < 12; figure++)
            writer.OptionalNumber(1);
        writer.Number(0).Number(0).End();
        log.Append();
    }

    private static void AddOutside(FigureLog log, int figureOfAllKinds)
    {
        var writer = log.Messages.Begin(SaidMessage.Outside);
        for (var figure = 0; figure < 24; figure++)
            writer.OptionalNumber(figureOfAllKinds);
        writer.Number(0).End();
        log.AppendState();
    }
}
