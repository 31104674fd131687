using ConcurrentTesting.TestHook.Drivers;
using ConcurrentTesting.TestHook.Statements;
using ConcurrentTesting.TestHook.Wire;

namespace ConcurrentTesting.TestHook.Measuring;

/// <summary>All that was counted in this process, and what of it the engine knows.</summary>
internal sealed class Ledger(FigureLog log, DriverCatalog drivers)
{
    /// <summary>Ended tests that are looked at again: some frameworks tell a test's end before its disposal.</summary>
    private const int MostRecent = 16;

    private readonly object _gate = new();
    private readonly List<TestScope> _scopes = [];
    private readonly Queue<TestScope> _recent = new(MostRecent + 1);
    private long _order;

    /// <summary>What set-ups and tear-downs did that several tests share.</summary>
    public Tally Fixtures { get; } = new();

    /// <summary>What happened where no framework's context was.</summary>
    public Tally NoTest { get; } = new();

    public OpenedDatabases Opened { get; } = new();

    public TestScope Add(Guid caseId, string className, string displayName, bool isWholeCase)
    {
        lock (_gate)
        {
            SendChangedRecent();
            var scope = new TestScope(_order++, caseId, className, displayName, isWholeCase);
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

    /// <summary>Tells the engine whatever it does not know yet: work that came after its test's end, tests whose end nobody saw.</summary>
    public void Flush()
    {
        lock (_gate)
        {
            SendOutside();
            foreach (var scope in _scopes.Where(scope => !scope.IsSent || scope.Changes != scope.SentChanges))
                SendScope(scope);
        }
    }

    // Before the next test, which may end the process.
    private void SendChangedRecent()
    {
        foreach (var scope in _recent)
        {
            if (scope.Changes != scope.SentChanges)
                SendScope(scope);
        }
    }

    private void SendScope(TestScope scope)
    {
        scope.SentChanges = scope.Changes;
        scope.IsSent = true;
        log.Add((scope, drivers.Gaps), static (writer, said) =>
        {
            writer.Begin(HookMessage.Test)
                .Number(said.scope.Order)
                .Id(said.scope.CaseId)
                .Text(said.scope.ClassName)
                .Text(said.scope.DisplayName)
                .Number(said.scope.IsWholeCase ? 1 : 0);
            Write(writer, said.scope, said.Gaps);
            writer.OptionalNumber(said.scope.AllocatedBytes).OptionalNumber(said.scope.PeakBytes);
            Write(writer, said.scope.MostRepeated);
            writer.End();
        });
    }

    private void SendOutside()
    {
        if (Fixtures.Changes == Fixtures.SentChanges && NoTest.Changes == NoTest.SentChanges && !Opened.IsChanged)
            return;
        Fixtures.SentChanges = Fixtures.Changes;
        NoTest.SentChanges = NoTest.Changes;
        log.Add((Fixtures, NoTest, Opened: Opened.Tell(), drivers.Gaps), static (writer, said) =>
        {
            writer.Begin(HookMessage.Outside);
            Write(writer, said.Fixtures, said.Gaps);
            writer.OptionalNumber(null).OptionalNumber(PeakMemory.Read());
            Write(writer, said.NoTest, said.Gaps);
            writer.OptionalNumber(null).OptionalNumber(null).Number(said.Opened.Length);
            foreach (var (database, count) in said.Opened)
                writer.Number(count).Text(database);
            writer.End();
        });
    }

    private static void Write(WireWriter writer, Tally tally, DriverGaps gaps)
    {
        WriteCounts(writer, tally, !gaps.HasFlag(DriverGaps.Commands));
        writer
            .OptionalNumber(tally.Rows > 0 ? tally.Rows - 1 : null)
            .OptionalNumber(gaps.HasFlag(DriverGaps.Transactions) ? null : tally.Transactions)
            .OptionalNumber(gaps.HasFlag(DriverGaps.Commands) ? null : tally.Connections)
            .OptionalNumber(gaps.HasFlag(DriverGaps.ConnectionErrors) ? null : tally.ConnectionErrors);
    }

    private static void Write(WireWriter writer, KeyValuePair<RepeatableQuery, int>[] queries)
    {
        writer.Number(queries.Length);
        foreach (var (query, count) in queries)
            writer.Number(count).Text(query.Text);
    }

    private static void WriteCounts(WireWriter writer, Tally tally, bool areCounted)
    {
        ReadOnlySpan<long> counts =
        [
            tally.Operations,
            tally.Reads + tally.Writes + tally.Others,
            tally.Reads,
            tally.Writes,
            tally.Others,
            tally.QueryTicks / TimeSpan.TicksPerMicrosecond,
        ];
        foreach (var count in counts)
            writer.OptionalNumber(areCounted ? count : null);
    }
}
