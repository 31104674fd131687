using ConcurrentTesting.TestHook.Drivers;
using ConcurrentTesting.TestHook.Statements;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>All that was counted in this process, and what of it the engine knows.</summary>
internal sealed class Ledger
{
    /// <summary>Ended tests that are looked at again: some frameworks tell a test's end before its disposal.</summary>
    private const int MostRecent = 4;

    private readonly FigureLog _log;
    private readonly DriverCatalog _drivers;
    private readonly Action<string> _reportGap;
    private readonly RunningScopes _running = new();
    private readonly object _gate = new();
    private readonly List<TestScope> _scopes = [];
    private readonly Queue<TestScope> _recent = new(MostRecent + 1);
    private long _order;
    private int _unclear;

    /// <param name="reportGap">Told what cannot be measured.</param>
    public Ledger(FigureLog log, DriverCatalog drivers, Action<string> reportGap)
    {
        _log = log;
        _drivers = drivers;
        _reportGap = reportGap;
        Fixtures = new OutsideTally(OutsideChanged);
        NoTest = new OutsideTally(OutsideChanged);
    }

    /// <summary>What set-ups and tear-downs did that several tests share.</summary>
    public Tally Fixtures { get; }

    /// <summary>What happened where no framework's context was, while no test ran.</summary>
    public Tally NoTest { get; }

    /// <summary>Whose work is done where no framework's context is, as in what a server within the process does for its clients: the test's
    /// that runs, where one runs. Where several run, nobody knows whose it is.</summary>
    public Tally Untold() => _running.Now switch
    {
        [] => NoTest,
        [var only] => only,
        var several => Unclear(several),
    };

    public OpenedDatabases Opened { get; } = new();

    /// <summary>What goes on in a test's flow when its batch is over is no test's: nobody asks for that test any more.</summary>
    public Tally Open(Tally tally) => tally is TestScope { IsClosed: true } ? NoTest : tally;

    public TestScope Add(TestIdentity test, bool isWholeCase)
    {
        lock (_gate)
        {
            SendChangedRecent();
            var scope = new TestScope(_order++, test, isWholeCase, _running);
            _scopes.Add(scope);
            return scope;
        }
    }

    /// <summary>Tells the engine a scope's figures, and what changed outside tests meanwhile.</summary>
    public void Send(TestScope scope)
    {
        lock (_gate)
        {
            SendOutside();
            SendChangedRecent();
            SendScope(scope);
            _recent.Enqueue(scope);
            if (_recent.Count > MostRecent)
                _recent.Dequeue();
        }
    }

    /// <summary>Tells the engine what the latest test did so far: its end may not show, and VSTest may end the process right after
    /// it.</summary>
    public void SendLatest()
    {
        lock (_gate)
        {
            if (_scopes is [.., var latest])
                SendUnsent(latest);
        }
    }

    /// <summary>Tells the engine whatever it does not know yet: work that came after its test's end, tests whose end nobody saw. What goes
    /// on in the flow of a test that has ended is no test's from now on: the engine may have another batch run here.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            SendOutside();
            foreach (var scope in _scopes)
            {
                SendUnsent(scope);
                if (!scope.IsRunning)
                    scope.Close();
            }

            _scopes.RemoveAll(static scope => scope.IsClosed);
            _recent.Clear();
        }
    }

    private Tally Unclear(TestScope[] running)
    {
        foreach (var scope in running)
            scope.IsUnclear = true;
        if (Interlocked.Exchange(ref _unclear, 1) == 0)
        {
            _reportGap(
                "commands ran where no test's context was, in a server within the process for instance, while several tests ran: the figures of these are not known.");
        }

        return NoTest;
    }

    private void OutsideChanged()
    {
        lock (_gate)
            SendOutside();
    }

    // The next test may end the process, so changes of earlier ones are sent before it.
    private void SendChangedRecent()
    {
        foreach (var scope in _recent)
            SendUnsent(scope);
    }

    private void SendUnsent(TestScope scope)
    {
        if (!scope.IsSent || scope.Changes != scope.SentChanges)
            SendScope(scope);
    }

    private void SendScope(TestScope scope)
    {
        if (scope.IsUnclear)
            scope.MoveTo(NoTest);
        scope.SentChanges = scope.Changes;
        scope.IsSent = true;
        _log.Messages.Begin(HookMessage.Test)
            .Number(scope.Order)
            .Id(scope.Test.CaseId)
            .Text(scope.Test.FullyQualifiedName)
            .Text(scope.Test.ClassName)
            .Text(scope.Test.DisplayName)
            .Number(scope.IsWholeCase ? 1 : 0)
            .Number(scope.IsRunning ? 1 : 0);
        Write(scope, isKnown: !scope.IsUnclear);
        _log.Messages.OptionalNumber(scope.AllocatedBytes).OptionalNumber(scope.PeakBytes);
        Write(scope.IsUnclear ? [] : scope.MostRepeated);
        Write(scope.IsUnclear ? [] : scope.Slowest);
        _log.Messages.End();
        _log.Append();
    }

    private void SendOutside()
    {
        if (Fixtures.Changes == Fixtures.SentChanges && NoTest.Changes == NoTest.SentChanges && !Opened.IsChanged)
            return;
        Fixtures.SentChanges = Fixtures.Changes;
        NoTest.SentChanges = NoTest.Changes;
        _log.Messages.Begin(HookMessage.Outside);
        Write(Fixtures);
        _log.Messages.OptionalNumber(null).OptionalNumber(PeakMemory.Read());
        Write(NoTest);
        var opened = Opened.Tell();
        _log.Messages.OptionalNumber(null).OptionalNumber(null).Number(opened.Length);
        foreach (var (database, connections, firstTest) in opened)
            _log.Messages.Number(connections).Text(database).Text(firstTest);
        _log.Messages.End();
        _log.AppendState();
    }

    private void Write(Tally tally, bool isKnown = true)
    {
        var gaps = isKnown ? _drivers.Gaps : DriverGaps.All;
        var areCounted = !gaps.HasFlag(DriverGaps.Commands);
        Write(tally.Operations, areCounted);
        Write(tally.Reads + tally.Writes + tally.Others, areCounted);
        Write(tally.Reads, areCounted);
        Write(tally.Writes, areCounted);
        Write(tally.Others, areCounted);
        Write(tally.QueryTicks / TimeSpan.TicksPerMicrosecond, areCounted);
        Write(tally.Rows - 1, tally.Rows > 0);
        Write(tally.Transactions, !gaps.HasFlag(DriverGaps.Transactions));
        Write(tally.Connections, areCounted && !gaps.HasFlag(DriverGaps.Connections));
        Write(tally.ConnectionErrors, !gaps.HasFlag(DriverGaps.ConnectionErrors));
    }

    private void Write(long figure, bool isKnown) => _log.Messages.OptionalNumber(isKnown ? figure : null);

    private void Write(KeyValuePair<RepeatableQuery, int>[] queries)
    {
        _log.Messages.Number(queries.Length);
        foreach (var (query, count) in queries)
            _log.Messages.Number(count).Text(query.Text);
    }

    private void Write(KeyValuePair<string, long>[] statements)
    {
        _log.Messages.Number(statements.Length);
        foreach (var (text, ticks) in statements)
            _log.Messages.Number(ticks / TimeSpan.TicksPerMicrosecond).Text(text);
    }
}
