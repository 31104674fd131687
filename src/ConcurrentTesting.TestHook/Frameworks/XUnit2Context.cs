using System.Diagnostics;
using ConcurrentTesting.TestHook.Measuring;

namespace ConcurrentTesting.TestHook.Frameworks;

/// <summary>xunit 2 keeps no context. Its adapter announces a case in the flow that then runs it, constructor to disposal: what is noted
/// there flows with the case. Within a case of several rows, xunit's own events begin and end each row's method; what lies between two
/// methods is the disposal of the one or the construction of the other.</summary>
internal sealed class XUnit2Context(Ledger ledger) : IFrameworkContext
{
    private readonly AsyncLocal<object?> _flow = new();
    private CaseFlow? _latest;

    public Tally Current() => _flow.Value switch
    {
        CaseFlow flow => flow.Current(),
        null => ledger.Untold(),
        _ => ledger.Fixtures,
    };

    public void RunStarted()
    {
        Interlocked.Exchange(ref _latest, null)?.Over();
        _flow.Value = "run";
    }

    // Cases run one at a time, so the latest one is over.
    public void CaseStarted(TestIdentity testCase)
    {
        Interlocked.Exchange(ref _latest, null)?.Over();
        var flow = new CaseFlow(ledger, testCase);
        _latest = flow;
        _flow.Value = flow;
    }

    public void CaseEnded(Guid caseId)
    {
        if (_flow.Value is CaseFlow flow && flow.Id == caseId)
            flow.FirstRowEnded();
    }

    public void TestStarted(string displayName) => (_flow.Value as CaseFlow)?.MethodStarted(displayName);

    public void TestStopped(string displayName) => (_flow.Value as CaseFlow)?.MethodStopped();

    private sealed class CaseFlow
    {
        private readonly object _gate = new();
        private readonly Ledger _ledger;
        private readonly TestIdentity _case;
        private TestScope _row;

        // Between the methods of two rows, this is the row that is being constructed.
        private TestScope? _next;
        private bool _hasStarted;
        private bool _isInMethod;
        private bool _firstEnded;
        private bool _isOver;

        public CaseFlow(Ledger ledger, TestIdentity testCase)
        {
            _ledger = ledger;
            _case = testCase;
            _row = NewRow();
        }

        public Guid Id => _case.CaseId;

        public TestScope Current()
        {
            lock (_gate)
            {
                // Looking at the running code is expensive, and in vain after the last row of a case.
                if (MayBeBetweenRows && IsConstructing())
                    _next = NewRow();
                return _next ?? _row;
            }
        }

        public void MethodStarted(string displayName)
        {
            lock (_gate)
            {
                if (_hasStarted || _firstEnded)
                    _row = _next ?? NewRow();
                _next = null;
                _row.Name(displayName);
                _hasStarted = true;
                _isInMethod = true;
            }
        }

        public void MethodStopped()
        {
            lock (_gate)
            {
                _isInMethod = false;

                // The adapter tells the first row's end after its disposal; it does not tell the others'.
                if (_firstEnded)
                    End();
            }
        }

        public void FirstRowEnded()
        {
            lock (_gate)
            {
                if (_firstEnded)
                    return;
                _firstEnded = true;
                End();
            }
        }

        /// <summary>Another case runs: what goes on in this flow is work that the last row left behind.</summary>
        public void Over()
        {
            lock (_gate)
            {
                _isOver = true;
                if (_next is { } neverRun)
                    _row = neverRun;
                if (_row.IsRunning)
                    End();
            }
        }

        // The adapter tells the first row's end after its disposal.
        private bool MayBeBetweenRows => _firstEnded && !_isInMethod && _next is null && !_isOver;

        private void End()
        {
            _row.End();
            _ledger.Send(_row);
        }

        private TestScope NewRow()
        {
            var row = _ledger.Add(_case, isWholeCase: true);
            row.Begin();
            return row;
        }

        // Only the running code tells the disposal of one row from the construction of the next.
        private static bool IsConstructing()
        {
            foreach (var frame in new StackTrace(fNeedFileInfo: false).GetFrames())
            {
                if (frame.GetMethod() is { } method
                    && (method.Name == "CreateTestClass" || IsInitializing(method.Name) || IsInitializing(method.DeclaringType?.Name)))
                    return true;
            }

            return false;
        }

        // The name may be the method's, its state machine's, or an explicit implementation's.
        private static bool IsInitializing(string? name) => name?.Contains("InitializeAsync", StringComparison.Ordinal) == true;
    }
}
