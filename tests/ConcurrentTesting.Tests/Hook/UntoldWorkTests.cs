extern alias hook;

using System.Runtime.CompilerServices;
using System.Xml.Linq;
using ConcurrentTesting.Catalog;
using ConcurrentTesting.Hook;
using ConcurrentTesting.TestHook.Wire;
using hook::ConcurrentTesting.TestHook;
using hook::ConcurrentTesting.TestHook.Drivers;
using hook::ConcurrentTesting.TestHook.Frameworks;
using hook::ConcurrentTesting.TestHook.Measuring;
using hook::ConcurrentTesting.TestHook.Statements;
using Microsoft.Extensions.Logging.Abstractions;
using Shouldly;
using Xunit;
using SaidMessage = hook::ConcurrentTesting.TestHook.Wire.HookMessage;

namespace ConcurrentTesting.Tests.Hook;

/// <summary>Work in a flow that no context of the framework comes to, and work that a test leaves behind.</summary>
public sealed class UntoldWorkTests : IAsyncDisposable
{
    private const int Batch = 6;

    private static readonly Statement Read = new(new StatementCounts(1, 0, 0), null);

    private readonly TestHookServer _server = TestHookServer.Open("run", measure: true, NullLogger.Instance);
    private readonly Ledger _ledger;
    private readonly XUnit2Context _context;

    public UntoldWorkTests()
    {
        var settings = new XElement("RunSettings");
        _server.Configure(settings, 0, Batch, new TestAssembly("/shop/Shop.Tests.dll", "net10.0", TestFramework.XUnit2, null));
        var address = HookAddress.Parse((string?)settings.Descendants(HookAddress.Variable).Single()).ShouldNotBeNull();
        var connection = EngineConnection.Open(address.Socket);
        _ledger = new Ledger(
            new FigureLog(connection, address.FiguresOf(Environment.ProcessId)), new DriverCatalog(_ => { }),
            gap => connection.Send(gap, static (writer, text) => writer.Begin(SaidMessage.Trouble).Text(text).End()));
        _context = new XUnit2Context(_ledger);
        connection.FlushAsked += () =>
        {
            _ledger.Flush();
            connection.SendAll(0, static (writer, _) => writer.Begin(SaidMessage.Flushed).End());
        };
        connection.Watch();
        connection.Send(address, static (writer, said) => writer.Begin(SaidMessage.Hello)
            .Number(WireWriter.Version).Number(Environment.ProcessId).Number(0).Number(said.Batch).Number((byte)HookedProcessRole.TestHost).Text(".NET 10").End());
        connection.AwaitWelcome();
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Work_without_a_context_belongs_to_the_one_test_that_runs(bool onPool)
    {
        var test = Identity("Orders");
        _context.RunStarted();
        await ReadWithoutContextAsync(onPool);
        _context.CaseStarted(test);
        _context.Current().Command(Read);
        await ReadWithoutContextAsync(onPool);
        _context.TestStarted("Orders");
        await ReadWithoutContextAsync(onPool);
        _context.TestStopped("Orders");
        await ReadWithoutContextAsync(onPool);
        _context.CaseEnded(test.CaseId);
        await ReadWithoutContextAsync(onPool);
        var figures = await _server.CollectAsync(Batch, CancellationToken);

        figures.Tests.ShouldHaveSingleItem().Figures.Reads.ShouldBe(4);
        figures.Outside.NoTest.Reads.ShouldBe(2);
        figures.NotMeasured.ShouldBeEmpty();
    }

    [Fact]
    public async Task Work_without_a_context_while_several_tests_run_makes_their_figures_unknown_and_is_told()
    {
        var one = _ledger.Add(Identity("One"), isWholeCase: false);
        var other = _ledger.Add(Identity("Other"), isWholeCase: false);
        var later = _ledger.Add(Identity("Later"), isWholeCase: false);
        one.Begin();
        other.Begin();
        one.Command(Read);

        _ledger.Untold().Command(Read);
        _ledger.Untold().Command(Read);
        foreach (var ended in new[] { one, other })
        {
            ended.Command(Read);
            ended.End();
            _ledger.Send(ended);
        }

        later.Begin();
        _ledger.Untold().Command(Read);
        later.End();
        var figures = await _server.CollectAsync(Batch, CancellationToken);

        figures.Tests.Select(test => (test.DisplayName, test.Figures.Reads, test.Figures.Operations, test.Figures.Connections))
            .ShouldBe([("One", null, null, null), ("Other", null, null, null), ("Later", 1, 1, 0)], ignoreOrder: true);
        figures.Total.Reads.ShouldBe(6);
        figures.NotMeasured.ShouldHaveSingleItem().ShouldContain("several tests ran");
    }

    [Fact]
    public async Task What_a_test_left_behind_is_no_tests_once_its_batch_is_over()
    {
        var test = _ledger.Add(Identity("Starts_a_poller"), isWholeCase: false);
        test.Begin();
        test.End();
        _ledger.Open(test).Command(Read);
        (await _server.CollectAsync(Batch, CancellationToken)).Tests.ShouldHaveSingleItem().Figures.Reads.ShouldBe(1);

        _ledger.Open(test).ShouldBeSameAs(_ledger.NoTest);
        test.Begin();
        _ledger.Open(test).ShouldBeSameAs(test, "a framework may try it once more");
    }

    [Fact]
    public void Test_that_has_run_is_not_kept_beyond_its_batch()
    {
        var test = Forgotten();

        _ledger.Flush();
        GC.Collect();

        test.TryGetTarget(out _).ShouldBeFalse();

        WeakReference<TestScope> Forgotten()
        {
            var scope = _ledger.Add(Identity("Ran"), isWholeCase: false);
            scope.Begin();
            scope.End();
            _ledger.Send(scope);
            return new WeakReference<TestScope>(scope);
        }
    }

    [Fact]
    public void Disposal_that_prepares_the_next_test_begins_no_row()
    {
        var test = Identity("Orders");
        _context.CaseStarted(test);
        _context.TestStarted("Orders");
        var row = _context.Current();
        _context.TestStopped("Orders");

        InitializeAsync().ShouldBeSameAs(row);

        _context.CaseEnded(test.CaseId);
        _context.TestStarted("Orders");
        _context.Current().ShouldNotBeSameAs(row, "a second row of the case");
    }

    [Fact]
    public void Row_that_never_comes_to_its_method_ends_where_the_next_case_begins()
    {
        var test = Identity("Orders");
        _context.CaseStarted(test);
        _context.TestStarted("Orders");
        _context.TestStopped("Orders");
        _context.CaseEnded(test.CaseId);
        var leftBehind = ExecutionContext.Capture()!;
        var row = InitializeAsync().ShouldBeOfType<TestScope>();
        row.IsRunning.ShouldBeTrue();

        _context.CaseStarted(Identity("Customers"));

        row.IsRunning.ShouldBeFalse();
        Tally? late = null;
        ExecutionContext.Run(leftBehind, _ => late = InitializeAsync(), null);
        late.ShouldBeSameAs(row);
    }

    [Fact]
    public void Row_whose_construction_failed_is_not_taken_for_the_next()
    {
        var test = Identity("Orders");
        _context.CaseStarted(test);
        var failed = _context.Current();
        _context.CaseEnded(test.CaseId);

        var next = InitializeAsync();
        _context.TestStarted("Orders(2)");

        next.ShouldNotBeSameAs(failed);
        _context.Current().ShouldBeSameAs(next);
    }

    private static TestIdentity Identity(string name) => TestIdentity.OfCase(Guid.NewGuid(), name);

    // Named as what xunit calls before a test.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private Tally InitializeAsync() => _context.Current();

    private Task ReadWithoutContextAsync(bool onPool)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (onPool)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => Work(), null);
            return done.Task;
        }

        using (ExecutionContext.SuppressFlow())
            new Thread(Work).Start();
        return done.Task;

        void Work()
        {
            _context.Current().Command(Read);
            done.SetResult();
        }
    }
}
